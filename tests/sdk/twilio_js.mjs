// Reads tokens like twilio.js 1.x, the browser client. Reads a JSON list of tokens from
// standard input and writes a list of their contents, or {"throws": WHY}, to standard output.
// Implements these rules of the client:
//
// - The payload is decoded as Latin-1, not as UTF-8.
// - A scope is two words and a query. If two scopes have the same words, the last one counts.
// - decodeURIComponent decodes the keys and values of a query. It does not change `+`, and
//   throws on a `%` without two hexadecimal digits, and on bytes that are not UTF-8.
// - A decoded value that contains `=` or `&` is read as a query again.
// - In a pair with two `=`, everything after the second is lost. Without `=`, the value is the
//   string "undefined". An empty value is an empty query.

import { readFileSync } from 'node:fs';

function payload(token) {
  const parts = token.split('.');
  if (parts.length !== 3) {
    throw new Error('Wrong number of segments');
  }
  return JSON.parse(atob(parts[1].replaceAll('-', '+').replaceAll('_', '/')));
}

function query(text) {
  if (text === '') {
    return {};
  }
  if (!/[&=]/.test(text)) {
    return text;
  }
  const values = Object.create(null);
  for (const pair of text.split('&')) {
    const [key, value] = pair.split('=');
    values[decodeURIComponent(key)] = query(decodeURIComponent(value));
  }
  return values;
}

function read(token) {
  const { iss, exp, scope } = payload(token);
  const scopes = {};
  for (const text of scope.length === 0 ? [] : scope.split(' ')) {
    const parts = /^scope:(\w+):(\w+)\??(.*)$/.exec(text);
    if (parts === null) {
      throw new Error('Bad scope URI');
    }
    const [, service, privilege, rest] = parts;
    scopes[`${service}:${privilege}`] = query(rest);
  }
  return { iss, exp, scopes };
}

function outcome(token) {
  try {
    return read(token);
  } catch (error) {
    return { throws: String(error) };
  }
}

const tokens = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(tokens.map(outcome)));
