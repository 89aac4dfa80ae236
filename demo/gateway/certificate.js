// The certificate of the demo's address. The SDKs speak only TLS. The browser warns, because no
// authority has signed it.

import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { generate } from 'selfsigned';

const DAYS = 30;
const DAY = 86_400_000;

/**
 * Returns the certificate in a file. Creates it if it is missing or ends within a day. It is kept,
 * so that a browser asks a person only once.
 *
 * @param {string} file
 * @returns {Promise<{key: string, cert: string}>}
 */
export async function certificate(file) {
  return read(file) ?? write(file);
}

function read(file) {
  try {
    const { key, cert } = JSON.parse(readFileSync(file, 'utf8'));
    const { validTo } = new X509Certificate(cert);
    return new Date(validTo) - Date.now() > DAY ? { key, cert } : undefined;
  } catch {
    return undefined; // missing, or damaged
  }
}

async function write(file) {
  const now = Date.now();
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    keyType: 'ec',
    notBeforeDate: new Date(now - DAY),
    notAfterDate: new Date(now + DAYS * DAY),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ key, cert }), { mode: 0o600 });
  return { key, cert };
}
