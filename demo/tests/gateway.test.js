// The stub without a browser: what it accepts, and that nothing ends its process.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import jsonwebtoken from 'jsonwebtoken';
import { WebSocket } from 'ws';

import { inventAccount, kinds, readAccount } from '../gateway/account.js';
import { readCodes } from '../gateway/codes.js';
import { verify } from '../gateway/verify.js';
import { decode, permissions } from '../page/permissions.js';
import { startDemo } from './support.js';

const ROOT = join(import.meta.dirname, '../..');
const account = {
  accountSid: 'AC123123',
  applicationSid: 'AP123123',
  authToken: 'secret',
  apiKeySid: 'SK123123',
  apiKeySecret: 'secret of the key',
};
const HOUR = Math.floor(Date.now() / 1000) + 3600;
const sign = (claims, secret = 'secret', header = {}) =>
  jsonwebtoken.sign(
    claims,
    secret,
    typeof claims === 'string' ? {} : { noTimestamp: true, header },
  );

describe('verify', () => {
  const scope = 'scope:client:incoming?clientName=alice';
  const good = { scope, iss: 'AC123123', exp: HOUR };
  const fpa = { cty: 'twilio-fpa;v=1' };
  const access = {
    iss: 'SK123123',
    sub: 'AC123123',
    exp: HOUR,
    grants: { identity: 'alice', voice: { incoming: { allow: true } } },
  };
  const key = 'secret of the key';

  test('accepts both kinds', () => {
    assert.deepEqual(verify(sign(good), account), {
      kind: 'capability',
      account: 'AC123123',
      key: undefined,
      name: 'alice',
      incoming: true,
      outgoing: undefined,
      events: false,
      expires: HOUR,
    });
    assert.equal(verify(sign(access, key, fpa), account).name, 'alice');
  });

  const without = (claims, name) =>
    Object.fromEntries(Object.entries(claims).filter(([member]) => member !== name));
  const cases = {
    'no token': ['', 31204],
    'not a token': ['x.y.z', 31204],
    'a payload that is no object': [sign('null'), 31204],
    'another algorithm': [jsonwebtoken.sign(good, 'secret', { algorithm: 'HS512' }), 31204],
    'no signature': [jsonwebtoken.sign(good, null, { algorithm: 'none' }), 31204],
    'another secret': [sign(good, 'other'), 31202],
    'an access token signed with the auth token': [sign(access, 'secret', fpa), 31202],
    'no expiry': [sign(without(good, 'exp')), 31204],
    'half a second': [sign({ ...good, exp: HOUR + 0.5 }), 31204],
    expired: [sign({ ...good, exp: 1400000000 }), 31205],
    'more than a day': [sign({ ...good, exp: HOUR + 86400 }), 31207],
    'not yet valid': [sign({ ...good, nbf: HOUR }), 31204],
    'another account': [sign({ ...good, iss: 'AC456' }), 31203],
    'no scope': [sign(without(good, 'scope')), 31204],
    'another API key': [sign({ ...access, iss: 'SK456' }, key, fpa), 31201],
    'no grants': [sign(without(access, 'grants'), key, fpa), 31204],
    'a name that is too long': [
      sign({ ...good, scope: `scope:client:incoming?clientName=${'x'.repeat(257)}` }),
      31105,
    ],
    'a name that is missing': [sign({ ...good, scope: 'scope:client:incoming' }), 31204],
    'a name that is a number': [
      sign({ ...access, grants: { ...access.grants, identity: 123 } }, key, fpa),
      31105,
    ],
    'a name with a space': [
      sign({ ...good, scope: 'scope:client:incoming?clientName=a%20b' }),
      31105,
    ],
  };
  for (const [name, [token, code]] of Object.entries(cases)) {
    test(`refuses ${name}`, () => {
      assert.throws(() => verify(token, account), { name: 'Error', code });
    });
  }
});

test('permissions of tokens from other libraries are read', () => {
  const { cases } = JSON.parse(readFileSync(join(ROOT, 'tests/data/capability.json'), 'utf8'));
  let seen = 0;
  for (const { account_sid: sid, incoming, outgoing, event_stream: events, tokens } of cases) {
    for (const { token } of tokens.filter(({ differs }) => differs.length === 0)) {
      const found = permissions(decode(token));
      assert.equal(found.account, sid);
      assert.equal(found.incoming, incoming !== null);
      assert.equal(found.outgoing?.application, outgoing?.application_sid);
      assert.deepEqual(found.outgoing?.params ?? [], outgoing?.params ?? []);
      assert.equal(found.events, events !== null);
      seen++;
    }
  }
  assert(seen > 50, `${seen} tokens`);
});

describe('the account', () => {
  test('is invented with both kinds', () => {
    assert.deepEqual(
      kinds(inventAccount()).map(({ id }) => id),
      ['access', 'capability'],
    );
  });

  test('is read from the environment', () => {
    const environment = {
      TWILIO_ACCOUNT_SID: 'AC1',
      TWILIO_APP_SID: 'AP1',
      TWILIO_AUTH_TOKEN: 't',
    };
    const found = readAccount(environment);
    assert.deepEqual(
      kinds(found).map(({ id }) => id),
      ['capability'],
    );
  });

  test('is refused with half an API key', () => {
    const environment = {
      TWILIO_ACCOUNT_SID: 'AC1',
      TWILIO_AUTH_TOKEN: 't',
      TWILIO_API_KEY_SID: 'SK1',
    };
    assert.throws(() => readAccount(environment), {
      message: /^missing environment variables: TWILIO_APP_SID, TWILIO_API_KEY_SECRET\./,
    });
  });
});

test('every code of the gateway has advice', () => {
  const advised = readCodes(join(ROOT, 'docs/migrating.md')).flatMap(({ codes }) => codes);
  const source = ['signalling', 'verify']
    .map((name) => readFileSync(join(ROOT, `demo/gateway/${name}.js`), 'utf8'))
    .join('');
  const codes = [...source.matchAll(/Refusal\((\d{5})/g)].map(([, code]) => Number(code));
  assert(codes.length > 10);
  assert.deepEqual(
    codes.filter((code) => !advised.includes(code)),
    [],
  );
});

describe('the process', () => {
  let demo;
  before(async () => {
    demo = await startDemo();
  });
  after(() => demo?.stop());

  function get(path, headers = {}, method = 'GET') {
    return new Promise((resolve, reject) => {
      const options = { method, headers, rejectUnauthorized: false };
      request(new URL(path, demo.address), options, async (response) => {
        const body = (await response.setEncoding('utf8').toArray()).join('');
        resolve({ status: response.statusCode, headers: response.headers, body });
      })
        .on('error', reject)
        .end();
    });
  }

  /** Returns the frames that answer, until the connection closes or `count` have come. */
  function exchange(frames, count, options = {}, path = '/some-page/signal') {
    return new Promise((resolve, reject) => {
      const { host } = new URL(demo.address);
      const socket = new WebSocket(`wss://${host}${path}`, {
        origin: demo.address,
        rejectUnauthorized: false,
        ...options,
      });
      const answers = [];
      socket.on('open', () => frames.forEach((frame) => socket.send(frame)));
      socket.on('message', (data) => {
        answers.push(JSON.parse(data));
        if (answers.length === count) {
          socket.close();
        }
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(answers));
    });
  }

  const frame = (type, payload) => JSON.stringify({ type, version: '1.6', payload });
  const tokenOf = async (path) => JSON.parse((await get(path)).body).token;

  test('serves a device', async () => {
    const token = await tokenOf('/backends/c/access/600/token?client=alice');
    const listen = frame('listen', { token });
    const register = frame('register', { media: { audio: true } });
    const unregister = frame('register', { media: { audio: false } });
    const answers = await exchange([listen, register, unregister], 3);
    assert.deepEqual(
      answers.map(({ type }) => type),
      ['connected', 'ready', 'offline'],
    );
    assert.equal(answers[0].payload.token.identity, 'alice');
  });

  test('survives a frame that is too long', async () => {
    await exchange(['x'.repeat(2_000_000)], 1);
    assert.equal((await get('/settings.json')).status, 200);
  });

  test('refuses a registration before a token', async () => {
    const [answer] = await exchange([frame('register', { media: { audio: true } })], 1);
    assert.equal(answer.payload.error.code, 31204);
  });

  test('survives frames that no SDK sends', async () => {
    const frames = [
      'x',
      'null',
      '[]',
      '{}',
      frame('invite'),
      frame('invite', { callsid: 1, sdp: {}, twilio: 'x' }),
      frame('answer', { callsid: 'CA1' }),
      frame('hangup', {}),
      frame('listen', { token: 1 }),
      frame('listen'),
      frame('__proto__'),
      frame('register', { media: { audio: true } }),
    ];
    // Two refused calls, two refused tokens, one refused registration.
    const answers = await exchange(frames, 5);
    assert.deepEqual(
      answers.map(({ type, payload }) => [type, payload.error?.code]),
      [
        ['hangup', 31002],
        ['hangup', 31002],
        ['error', 31204],
        ['error', 31204],
        ['error', 31204],
      ],
    );
    assert.equal((await get('/settings.json')).status, 200);
  });

  test('refuses the pages of strangers', async () => {
    const origin = 'https://evil.example';
    await assert.rejects(exchange([], 1, { origin }), /404/);
    const strange = { Host: 'evil.example', Origin: 'https://evil.example' };
    await assert.rejects(exchange([], 1, { origin, headers: strange }), /404/);
    assert.equal((await get('/settings.json', strange)).status, 403);
    const { headers } = await get('/backends/c/access/600/token?client=alice', {
      Origin: origin,
    });
    assert.equal(headers['access-control-allow-origin'], undefined);
  });

  test('the page may load and contact only its own server', async () => {
    const { headers } = await get('/');
    const policy = headers['content-security-policy'].split('; ');
    const { host } = new URL(demo.address);
    assert(policy.includes("default-src 'self'"), policy);
    assert(policy.includes(`connect-src 'self' wss://${host} blob:`), policy);
  });

  test('answers only its paths', async () => {
    for (const path of [
      '/nothing',
      '/../package.json',
      '/%2e%2e/package.json',
      '/sdk/other.js',
      '/sdk/voice-sdk.js/x',
      '/backends/rust/access/600/token?client=alice',
      '/backends/c/other/600/token?client=alice',
      '/backends/c/access/601/token?client=alice',
      '/backends/c/access/6e2/token?client=alice',
      '/backends/c/access/600/other',
      '/mistakes/none/access/token?client=alice',
      '/mistakes/constructor/access/token?client=alice',
    ]) {
      assert.equal((await get(path)).status, 404, path);
    }
    assert.equal((await get('/', {}, 'POST')).status, 405);
    for (const path of ['/signal', '/page', '/a/b/signal', '/%2e/signal']) {
      await assert.rejects(exchange([], 1, {}, path), /404/, path);
    }
  });

  test('a query changes neither kind nor lifetime', async () => {
    const path = '/backends/php/capability/600/token?client=alice&ttl=5&kind=access&TOKEN_TTL=5';
    const { payload } = decode(await tokenOf(path));
    const left = payload.exp - Date.now() / 1000;
    assert(left > 590 && left <= 600, String(left));
    assert.equal(payload.grants, undefined);
  });

  test('all back ends answer alike', async () => {
    for (const kind of ['access', 'capability']) {
      const answers = await Promise.all(
        ['c', 'php', 'go'].map(async (id) => {
          const { status, body } = await get(`/backends/${id}/${kind}/3600/token?client=alice`);
          const { header, payload } = decode(JSON.parse(body).token);
          const { exp: _exp, jti: _jti, ...claims } = payload;
          return { status, names: Object.keys(JSON.parse(body)), header, claims };
        }),
      );
      assert.deepEqual(answers[1], answers[0]);
      assert.deepEqual(answers[2], answers[0]);
    }
  });
});
