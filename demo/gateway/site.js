// Serves the page, its settings and its tokens.

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

import { kinds } from './account.js';
import { mintMistake, mistakes } from './mistakes.js';

const PAGE = join(import.meta.dirname, '../page');
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

/** Twilio's SDKs for browsers, as npm has installed them. */
const sdks = [
  { id: 'voice-sdk', name: '@twilio/voice-sdk', file: 'dist/twilio.min.js' },
  { id: 'twilio-client', name: 'twilio-client', file: 'dist/twilio.min.js' },
].map(({ id, name, file }) => {
  const folder = join(import.meta.dirname, '../node_modules', name);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { id, name, version, file: join(folder, file) };
});

/** Lifetimes that a person can choose, in seconds. With the first, tokens are renewed soon. */
const LIFETIMES = [20, 600, 3600, 86400];

/**
 * Returns the handler of HTTP requests.
 *
 * @param {object} options
 * @param {import('./account.js').Account} options.account
 * @param {import('./backends.js').Backends} options.backends
 * @param {{codes: number[], advice: string}[]} options.codes
 * @param {boolean} options.isLive whether the page talks to Twilio instead of the stub
 */
export function site({ account, backends, codes, isLive }) {
  const settings = {
    isLive,
    codes,
    backends: backends.list,
    kinds: kinds(account),
    lifetimes: LIFETIMES,
    mistakes,
    sdks: sdks.map(({ id, name, version }) => ({ id, name, version })),
  };
  const isKind = (kind) => settings.kinds.some(({ id }) => id === kind);

  async function answer(request) {
    const { pathname, searchParams, search } = new URL(request.url, 'https://localhost');
    const [, folder, ...names] = pathname.split('/');
    if (folder === 'settings.json' && names.length === 0) {
      return json(200, settings);
    }
    if (folder === 'backends' && names.length === 4 && names[3] === 'token') {
      const [id, kind, lifetime] = names;
      if (
        settings.backends.some((one) => one.id === id) &&
        isKind(kind) &&
        LIFETIMES.map(String).includes(lifetime)
      ) {
        return askBackend(id, kind, Number(lifetime), `/token${search}`, request.headers.host);
      }
    }
    if (folder === 'mistakes' && names.length === 3 && names[2] === 'token') {
      const [mistake, kind] = names;
      if (mistakes.some(({ id }) => id === mistake) && isKind(kind)) {
        return json(200, mintMistake(mistake, kind, searchParams.get('client') ?? '', account));
      }
    }
    if (folder === 'sdk' && names.length === 1) {
      const sdk = sdks.find(({ id }) => `${id}.js` === names[0]);
      return sdk && readPage(sdk.file);
    }
    const name = pathname === '/' ? 'index.html' : pathname.slice(1);
    return /^[\w-]+\.\w+$/.test(name) ? readPage(join(PAGE, name)) : undefined;
  }

  async function askBackend(...question) {
    try {
      const { status, body } = await backends.ask(...question);
      return { status, type: 'application/json', body };
    } catch (error) {
      return json(502, { error: error.message });
    }
  }

  async function decide(request) {
    if (!isOwn(request.headers.host)) {
      return json(403, { error: 'this host is not an address of the demo' });
    }
    if (!URL.canParse(request.url, 'https://localhost')) {
      return json(400, { error: 'the address is not valid' });
    }
    if (request.method !== 'GET') {
      return json(405, { error: 'only GET is allowed' });
    }
    try {
      return (await answer(request)) ?? json(404, { error: 'not found' });
    } catch (error) {
      return json(500, { error: error.message });
    }
  }

  return async (request, response) => {
    const host = isOwn(request.headers.host) ? request.headers.host : 'localhost';
    const { status, type, body } = await decide(request);
    response.writeHead(status, {
      ...headers(host, isLive),
      'Content-Type': `${type}; charset=utf-8`,
    });
    response.end(body);
  };
}

/** Whether a Host header has the name of this machine. A page of a stranger may let its name point here. */
export function isOwn(host) {
  return /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(host ?? '');
}

function headers(host, isLive) {
  const twilio = isLive ? ' https://*.twilio.com wss://*.twilio.com' : '';
  return {
    'Cache-Control': 'no-store',
    'Content-Security-Policy': [
      "default-src 'self'",
      // The page makes the sounds of the phones itself.
      `connect-src 'self' wss://${host} blob:${twilio}`,
      'media-src blob: mediastream:',
      "frame-ancestors 'none'",
    ].join('; '),
    'X-Content-Type-Options': 'nosniff',
  };
}

function json(status, value) {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}

async function readPage(path) {
  try {
    return { status: 200, type: TYPES[extname(path)], body: await readFile(path) };
  } catch (error) {
    if (error.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
