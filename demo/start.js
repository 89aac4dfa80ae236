// start.js --built FOLDER --library FILE [--certificate FILE] [--port PORT] [--live]
//
// Starts the demo: the page, a stub of Twilio's gateway, and the token servers. Prints its address.
// Ends on Ctrl-C. `make demo-browser` builds the programs in FOLDER and runs this.
//
// --live uses Twilio's service instead of the stub, with the account in the environment.

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

const { values: options } = parseArgs({
  options: {
    built: { type: 'string' },
    library: { type: 'string' },
    certificate: { type: 'string' },
    port: { type: 'string', default: '8443' },
    live: { type: 'boolean', default: false },
  },
});

const account = options.live ? readAccount(process.env) : inventAccount();
const backends = new Backends(commands(ROOT, options.built, options.library), account);
const server = createServer(
  await certificate(options.certificate),
  site({
    account,
    backends,
    codes: readCodes(join(ROOT, 'docs/migrating.md')),
    isLive: options.live,
  }),
);

// The page shows what the gateway decides.
const pages = new Set();
const media = new Media();
const switchboard = new Switchboard(account, media, (text, details) => {
  const entry = JSON.stringify({ type: 'log', text, details });
  pages.forEach((page) => page.send(entry));
});

function acceptPage(socket) {
  pages.add(socket);
  socket.on('close', () => pages.delete(socket));
  media.use(socket);
}

const accept = {
  '/page': acceptPage,
  '/signal': (socket) => switchboard.accept(socket),
};
const sockets = new WebSocketServer({ noServer: true, maxPayload: 1_000_000 });
server.on('upgrade', (request, socket, head) => {
  const { host, origin } = request.headers;
  const found = accept[request.url];
  if (options.live || !found || !isOwn(host) || origin !== `https://${host}`) {
    socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
    return;
  }
  sockets.handleUpgrade(request, socket, head, (accepted) => {
    accepted.on('error', () => accepted.terminate()); // such as a frame that is not text
    found(accepted);
  });
});

async function stop() {
  console.log('\nEnding the demo.');
  sockets.clients.forEach((client) => client.terminate());
  server.close();
  server.closeAllConnections();
  await backends.stop();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, stop);
}
server.once('error', (error) => {
  console.error(
    error.code === 'EADDRINUSE'
      ? `Port ${options.port} is in use. Choose another: make demo-browser DEMO_PORT=8444`
      : error.message,
  );
  process.exitCode = 1;
});
server.listen(Number(options.port), '127.0.0.1', () => {
  console.log(`Open https://localhost:${server.address().port}
The browser warns, because the certificate is made by this demo. Continue to the page.
Ctrl-C ends it.`);
});
