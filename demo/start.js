// start.js --built FOLDER --library FILE --certificate FILE [--port PORT] [--live]
//
// Starts the demo: the page, a stub of Twilio's gateway, and the token servers. Prints its address.
// Ends on Ctrl-C. `make demo-browser` builds the programs in FOLDER and runs this.
//
// --live uses Twilio's service instead of the stub, with the account in the environment.

import { once } from 'node:events';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { WebSocketServer } from 'ws';

import { inventAccount, readAccount } from './gateway/account.js';
import { Backends, commands } from './gateway/backends.js';
import { certificate } from './gateway/certificate.js';
import { readCodes } from './gateway/codes.js';
import { Media } from './gateway/media.js';
import { Switchboard } from './gateway/signalling.js';
import { isOwn, site } from './gateway/site.js';

const ROOT = join(import.meta.dirname, '..');

/** Starts the demo. Returns when it listens. */
async function start({ built, library, certificate: file, port, live: isLive }) {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    throw new Error(`"${port}" is no port: write a number from 0 to 65535, such as DEMO_PORT=8443`);
  }
  const account = isLive ? readAccount(process.env) : inventAccount();
  const backends = new Backends(commands(ROOT, built, library), account);
  const codes = readCodes(join(ROOT, 'docs/migrating.md'));
  const server = createServer(await certificate(file), site({ account, backends, codes, isLive }));
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1_000_000 });
  if (!isLive) {
    server.on('upgrade', upgrades(sockets, account));
  }

  async function stop() {
    console.log('\nEnding the demo.');
    sockets.clients.forEach((client) => client.terminate());
    server.close();
    server.closeAllConnections();
    await backends.stop();
  }

  server.listen(Number(port), '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error.code === 'EADDRINUSE') {
      error.message = `Port ${port} is in use. Choose another, such as DEMO_PORT=${Number(port) + 1}`;
    }
    throw error;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, stop);
  }
  if (isLive) {
    console.log(`Uses the account ${account.accountSid} at Twilio: calls cost money.`);
  }
  console.log(`The browser warns, because the certificate is made by this demo. Continue to the page.
Calls need a microphone: allow it when the browser asks. Ctrl-C ends the demo.
Open https://localhost:${server.address().port}`);
}

/**
 * Returns the handler of WebSockets, whose path is /PAGE/signal for an SDK and /PAGE/page for the page
 * itself. PAGE is an ID that the page has chosen.
 */
function upgrades(sockets, account) {
  const pages = new Set();
  const media = new Media();
  const switchboard = new Switchboard(account, media, (text, details) => {
    const entry = JSON.stringify({ type: 'log', text, details });
    pages.forEach((page) => page.send(entry));
  });
  const accept = {
    page(id, socket) {
      pages.add(socket);
      socket.on('close', () => pages.delete(socket));
      media.use(id, socket);
    },
    signal: (id, socket) => switchboard.accept(id, socket),
  };

  return (request, socket, head) => {
    const { host, origin } = request.headers;
    const [, id, name] = /^\/([\w-]{1,64})\/(page|signal)$/.exec(request.url) ?? [];
    if (!name || !isOwn(host) || origin !== `https://${host}`) {
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      accepted.on('error', () => accepted.terminate()); // such as a frame that is too long
      accept[name](id, accepted);
    });
  };
}

const { values: options } = parseArgs({
  options: {
    built: { type: 'string' },
    library: { type: 'string' },
    certificate: { type: 'string' },
    port: { type: 'string', default: '8443' },
    live: { type: 'boolean', default: false },
  },
});

try {
  await start(options);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
