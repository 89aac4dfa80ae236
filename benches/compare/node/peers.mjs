// peers.mjs FOLDER
//
// Runs the twilio and the jsonwebtoken that are installed in FOLDER, as their documentation
// shows them. worker.c explains the orders `show WORK` and `run WORK TIMES`.

import { createHmac, createSecretKey } from 'node:crypto';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(resolve(process.argv[2], 'package.json'));
const jsonwebtoken = require('jsonwebtoken');
const { AccessToken, ClientCapability } = require('twilio').jwt;

const env = process.env;
const account = env.BENCH_ACCOUNT;
const secret = env.BENCH_SECRET;
const applicationSid = env.BENCH_APPLICATION;
const clientName = env.BENCH_CLIENT;
const params = { [env.BENCH_KEY]: env.BENCH_VALUE };
const apiKey = env.BENCH_API_KEY;
const signingInput = env.BENCH_SIGNING_INPUT;
const ttl = 3600;

function twilioCapability() {
  const capability = new ClientCapability({ accountSid: account, authToken: secret, ttl });
  capability.addScope(new ClientCapability.IncomingClientScope(clientName));
  const outgoing = { applicationSid, clientName, params };
  capability.addScope(new ClientCapability.OutgoingClientScope(outgoing));
  return capability.toJwt();
}

function twilioAccess() {
  const options = { identity: clientName, ttl };
  const token = new AccessToken(account, apiKey, secret, options);
  token.addGrant(
    new AccessToken.VoiceGrant({
      incomingAllow: true,
      outgoingApplicationSid: applicationSid,
      outgoingApplicationParams: params,
    }),
  );
  return token.toJwt();
}

function jsonwebtokenByHand(key) {
  const appParams = new URLSearchParams(params).toString();
  const incoming = new URLSearchParams({ clientName });
  const outgoing = new URLSearchParams({ appSid: applicationSid, appParams, clientName });
  const payload = {
    scope: `scope:client:incoming?${incoming} scope:client:outgoing?${outgoing}`,
    iss: account,
    exp: Math.floor(Date.now() / 1000) + ttl,
  };
  return jsonwebtoken.sign(payload, key, { noTimestamp: true });
}

function mac() {
  return createHmac('sha256', secret).update(signingInput).digest('hex');
}

const works = {
  twilio: twilioCapability,
  'twilio-access': twilioAccess,
  // Tries to parse a string as a private key before it uses it as a secret.
  'jsonwebtoken-text': () => jsonwebtokenByHand(secret),
  jsonwebtoken: () => jsonwebtokenByHand(createSecretKey(secret, 'utf8')),
  mac,
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const [order, name, times] = line.split(' ');
  const work = works[name];
  if (order === 'show') {
    console.log(work());
    return;
  }
  const start = process.hrtime.bigint();
  for (let i = 0; i < Number(times); i++) {
    work();
  }
  console.log(String(process.hrtime.bigint() - start));
});
