// Reads tokens as twilio.js 1.x did, the client in the browser: a JSON list of tokens
// on standard input, and a list of what it sees in them on standard output, or of
// {"throws": WHY}. Written after its rules, which are all here:
//
// - The payload's bytes are taken for Latin-1, not for UTF-8.
// - A scope is a word, a word and a query, and found by the two words: of two scopes of
//   the same words, the last is seen.
// - A query's keys and values are decoded by decodeURIComponent, which leaves `+` alone
//   and throws at a `%` that two hexadecimal digits do not follow, or no UTF-8.
// - A value that then contains `=` or `&` is a query again, whatever it was meant to be.
// - Of a pair with two `=`, what follows the second is lost; where there is none, the
//   value is the text "undefined". An empty value is an empty query.

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
