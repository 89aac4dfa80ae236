// Starts the token servers in C, PHP and Go, as docs/token-servers.md describes them. One process
// mints tokens of one kind with one lifetime: its environment decides, never a request.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const PATIENCE = 20_000;

/**
 * The commands of the back ends, on a port that the system chooses.
 *
 * @param {string} root the repository
 * @param {string} built the folder with the programs that make has built
 * @param {string} library the file of the installed library
 */
export function commands(root, built, library) {
  return {
    c: {
      name: 'C',
      command: [join(built, 'token_server'), '0'],
      environment: { LD_LIBRARY_PATH: dirname(library) },
    },
    php: {
      name: 'PHP',
      // An installed captoken.ini may preload another library.
      command: [
        'php',
        ...['ffi.enable=1', 'ffi.preload=', 'error_log=', 'log_errors=1'].flatMap((line) => [
          '-d',
          line,
        ]),
        '-S',
        '127.0.0.1:0',
        join(root, 'php/examples/token.php'),
      ],
      environment: { CAPTOKEN_LIB: library },
    },
    go: { name: 'Go', command: [join(built, 'tokenserver'), '-addr', '127.0.0.1:0'] },
  };
}

/** The running token servers. Each starts when it is needed first. */
export class Backends {
  #commands;
  #account;
  #servers = new Map();

  /**
   * @param {ReturnType<typeof commands>} table
   * @param {import('./account.js').Account} account
   */
  constructor(table, account) {
    this.#commands = table;
    this.#account = account;
  }

  get list() {
    return Object.entries(this.#commands).map(([id, { name }]) => ({ id, name }));
  }

  /**
   * Sends a request to a token server.
   *
   * @param {string} id of the back end
   * @param {'access' | 'capability'} kind
   * @param {number} lifetime of the tokens, in seconds
   * @param {string} target path and query
   * @param {string} host the browser's Host header
   * @returns {Promise<{status: number, body: string}>}
   */
  async ask(id, kind, lifetime, target, host) {
    const port = await this.#port(id, kind, lifetime);
    const asked = request({
      host: '127.0.0.1',
      port,
      path: target,
      headers: { host },
      agent: false,
    });
    asked.end();
    const [answer] = await once(asked, 'response');
    answer.setEncoding('utf8');
    const body = (await answer.toArray()).join('');
    return { status: answer.statusCode, body };
  }

  /** Ends all servers, and waits for their end. */
  async stop() {
    const ends = [...this.#servers.values()].map(async ({ process }) => {
      if (process.exitCode === null && process.signalCode === null) {
        const exit = once(process, 'exit');
        process.kill('SIGTERM');
        await exit;
      }
    });
    await Promise.all(ends);
  }

  #port(id, kind, lifetime) {
    const key = `${id} ${kind} ${lifetime}`;
    if (!this.#servers.has(key)) {
      const server = this.#start(id, kind, lifetime);
      server.process.once('close', () => this.#servers.delete(key)); // the next request starts it again
      this.#servers.set(key, server);
    }
    return this.#servers.get(key).port;
  }

  #start(id, kind, lifetime) {
    const { name, command, environment } = this.#commands[id];
    const [program, ...args] = command;
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, ...this.#environment(kind, lifetime), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const port = new Promise((resolve, reject) => {
      const said = [];
      const fail = (reason) => {
        clearTimeout(timer);
        reject(new Error([`The server in ${name} ${reason}`, ...said].join('\n')));
      };
      const timer = setTimeout(() => fail('does not start.'), PATIENCE);
      for (const stream of [child.stdout, child.stderr]) {
        createInterface(stream).on('line', (line) => {
          const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
          if (found) {
            clearTimeout(timer);
            resolve(Number(found[1]));
          } else if (said.length < 10) {
            said.push(line);
          }
        });
      }
      child.once('error', (error) => fail(`cannot be started: ${error.message}`));
      child.once('close', () => fail('has ended.'));
    });
    port.catch(() => {}); // reported to the request that waits for it
    return { process: child, port };
  }

  #environment(kind, lifetime) {
    const { accountSid, applicationSid, authToken, apiKeySid, apiKeySecret } = this.#account;
    const credentials =
      kind === 'access'
        ? { TWILIO_API_KEY_SID: apiKeySid, TWILIO_API_KEY_SECRET: apiKeySecret }
        : { TWILIO_AUTH_TOKEN: authToken };
    return {
      TWILIO_ACCOUNT_SID: accountSid,
      TWILIO_APP_SID: applicationSid,
      ...credentials,
      TOKEN_TTL: String(lifetime),
      // All requests come from this process.
      TOKEN_LIMIT: '1000000',
      TOKEN_CONNECTIONS: '500',
    };
  }
}
