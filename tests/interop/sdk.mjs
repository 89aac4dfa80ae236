// sdk.mjs FOLDER
//
// Reads and mints tokens with the two versions of twilio-node that are installed in
// FOLDER: see sdk.py, which says what goes in and comes out.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const require = createRequire(resolve(process.argv[2], 'package.json'));
const current = require('twilio');
const old = require('twilio-2');
const jsonwebtoken = require('jsonwebtoken');

function read(token, secret) {
  const { header, payload } = jsonwebtoken.verify(token, secret, {
    algorithms: ['HS256'],
    complete: true,
  });
  return { header, payload };
}

function mintWithCurrent(input) {
  const { ClientCapability } = current.jwt;
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
    // It wants to be told, where the others take the name by themselves.
    const clientName = input.client_name ?? input.incoming ?? undefined;
    const options = { applicationSid, clientName, params: object(params) };
    capability.addScope(new ClientCapability.OutgoingClientScope(options));
  }
  if (input.events !== null) {
    capability.addScope(new ClientCapability.EventStreamScope(object(input.events)));
  }
  return { token: capability.toJwt() };
}

function mintWithOld(input) {
  const capability = new old.Capability(input.account, input.secret);
  if (input.incoming !== null) {
    capability.allowClientIncoming(input.incoming);
  }
  if (input.client_name !== null) {
    capability.clientName = input.client_name;
  }
  if (input.outgoing !== null) {
    capability.allowClientOutgoing(input.outgoing[0], object(input.outgoing[1]));
  }
  if (input.events !== null) {
    capability.allowEventStream(object(input.events));
  }
  return { token: capability.generate(input.ttl) };
}

function mintAccess(input) {
  const { AccessToken } = current.jwt;
  const { account, key, secret, identity, region } = input;
  const token = new AccessToken(account, key, secret, { identity, region });
  token.addGrant(
    new AccessToken.VoiceGrant({
      incomingAllow: true,
      outgoingApplicationSid: input.application,
      outgoingApplicationParams: input.params,
    }),
  );
  return { token: token.toJwt() };
}

// A key that repeats takes a list. No pairs: nothing, as a caller would write it.
function object(pairs) {
  const values = new Map();
  for (const [key, value] of pairs) {
    values.set(key, values.has(key) ? [values.get(key), value].flat() : value);
  }
  return values.size === 0 ? undefined : Object.fromEntries(values);
}

const MINT = { 'twilio-node': mintWithCurrent, 'twilio-node 2.11.1': mintWithOld };
const ACCESS = { 'twilio-node': mintAccess };
const READ = { jsonwebtoken: read };

function run(job) {
  // Whatever it throws is a refusal.
  try {
    if ('read' in job) {
      return READ[job.with](job.read, job.secret);
    }
    return 'mint' in job ? MINT[job.with](job.mint) : ACCESS[job.with](job.access);
  } catch (error) {
    return { refused: String(error) };
  }
}

const jobs = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(jobs.map(run)));
