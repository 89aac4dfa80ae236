// sdk.mjs FOLDER
//
// Reads tokens with jsonwebtoken and mints them with twilio-node, installed in FOLDER. sdk.py
// describes the input and the output.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const require = createRequire(resolve(process.argv[2], 'package.json'));
const jsonwebtoken = require('jsonwebtoken');
const { AccessToken, ClientCapability } = require('twilio').jwt;

function read(token, secret) {
  const { header, payload } = jsonwebtoken.verify(token, secret, {
    algorithms: ['HS256'],
    complete: true,
  });
  return { header, payload };
}

function mint(input) {
  const capability = new ClientCapability({
    accountSid: input.account,
    authToken: input.secret,
    ttl: input.ttl,
  });
  if (input.incoming !== null) {
    capability.addScope(new ClientCapability.IncomingClientScope(input.incoming));
  }
  if (input.outgoing !== null) {
    const [applicationSid, params] = input.outgoing;
    // Other libraries use the name of incoming calls here by default.
    const clientName = input.client_name ?? input.incoming ?? undefined;
    const options = { applicationSid, clientName, params: object(params) };
    capability.addScope(new ClientCapability.OutgoingClientScope(options));
  }
  if (input.events !== null) {
    capability.addScope(new ClientCapability.EventStreamScope(object(input.events)));
  }
  return { token: capability.toJwt() };
}

function mintAccess(input) {
  const token = new AccessToken(input.account, input.key, input.secret, input.options);
  for (const [grant, fields] of input.grants) {
    const options = Object.entries(fields).map(([name, value]) => [camelCase(name), value]);
    token.addGrant(new AccessToken[grant](Object.fromEntries(options)));
  }
  return { token: token.toJwt() };
}

// The jobs use Python's names of options.
function camelCase(name) {
  return name.replace(/_./g, (match) => match[1].toUpperCase());
}

// Repeated keys become a list. No pairs become undefined, as callers write it.
function object(pairs) {
  const values = new Map();
  for (const [key, value] of pairs) {
    values.set(key, values.has(key) ? [values.get(key), value].flat() : value);
  }
  return values.size === 0 ? undefined : Object.fromEntries(values);
}

const clock = Date.now;

function run(job) {
  Date.now = 'now' in job ? () => (job.now + 0.5) * 1000 : clock;
  // Every exception counts as a refusal.
  try {
    if ('read' in job) {
      return read(job.read, job.secret);
    }
    return 'mint' in job ? mint(job.mint) : mintAccess(job.access);
  } catch (error) {
    return { refused: String(error) };
  }
}

const jobs = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(jobs.map(run)));
