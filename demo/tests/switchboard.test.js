// The stub's registrations and calls, frame by frame, with sockets and a clock that the tests move.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';

import jsonwebtoken from 'jsonwebtoken';

import { Switchboard } from '../gateway/signalling.js';

const account = {
  accountSid: 'AC123123',
  applicationSid: 'AP123123',
  apiKeySid: 'SK123123',
  apiKeySecret: 'secret of the key',
};

/** An access token, valid for a minute. */
function mint(identity, voice = {}) {
  const exp = Math.floor(Date.now() / 1000) + 60;
  const grants = {
    identity,
    voice: { incoming: { allow: true }, outgoing: { application_sid: 'AP123123' }, ...voice },
  };
  return jsonwebtoken.sign(
    { iss: account.apiKeySid, sub: account.accountSid, exp, grants },
    account.apiKeySecret,
    { noTimestamp: true, header: { cty: 'twilio-fpa;v=1' } },
  );
}

/** The connection of an SDK. */
class Socket extends EventEmitter {
  beats = 0;
  #sent = [];

  send(text) {
    if (text === '\n') {
      this.beats++;
    } else {
      this.#sent.push(JSON.parse(text));
    }
  }

  /** Sends a frame to the gateway, and waits until it has been handled. */
  async say(type, payload) {
    this.emit('message', JSON.stringify({ type, payload }));
    await new Promise(setImmediate);
  }

  /** The frames since the last call. */
  heard() {
    return this.#sent.splice(0);
  }

  /** The types of these frames, with the codes of errors. */
  types() {
    return this.heard().map(({ type, payload }) =>
      payload.error ? `${type} ${payload.error.code}` : type,
    );
  }
}

let media;
let switchboard;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_800_000_000_000 });
  media = {
    ended: [],
    answer: async () => 'answer of a number',
    offer: async () => 'offer to the callee',
    connect: async (call, answer, offer) => `answer to ${offer}, for ${answer}`,
    end: ({ sid }) => media.ended.push(sid),
  };
  switchboard = new Switchboard(account, media, () => {});
});

afterEach(() => mock.timers.reset());

function connect() {
  const socket = new Socket();
  switchboard.accept('page', socket);
  return socket;
}

async function register(name, voice) {
  const socket = connect();
  await socket.say('listen', { token: mint(name, voice) });
  await socket.say('register', { media: { audio: true } });
  assert.deepEqual(socket.types(), ['connected', 'ready']);
  return socket;
}

async function dial(caller, to, params = {}) {
  const query = new URLSearchParams({ ...params, To: to }).toString();
  await caller.say('invite', { callsid: 'TJ1', sdp: 'offer', twilio: { params: query } });
}

/** Alice calls Bob, whose phone rings. Returns both and the SID of the call. */
async function ring() {
  const [alice, bob] = [await register('alice'), await register('bob')];
  await dial(alice, 'bob', { note: 'a b+&"' });
  assert.deepEqual(alice.types(), ['ringing']);
  const [{ type, payload }] = bob.heard();
  assert.equal(type, 'invite');
  return { alice, bob, sid: payload.callsid, payload };
}

async function answered() {
  const call = await ring();
  await call.bob.say('answer', { callsid: call.sid, sdp: 'answer of bob' });
  const [{ type, payload }] = call.alice.heard();
  assert.equal(type, 'answer');
  assert.deepEqual(payload, { callsid: call.sid, sdp: 'answer to offer, for answer of bob' });
  return call;
}

describe('a call', () => {
  test('tells the callee who calls, and the parameters', async () => {
    const { payload, sid } = await ring();
    assert.deepEqual(payload, {
      callsid: sid,
      sdp: 'offer to the callee',
      parameters: {
        AccountSid: 'AC123123',
        CallSid: sid,
        From: 'client:alice',
        To: 'client:bob',
        Params: 'note=a+b%2B%26%22&To=bob',
      },
    });
    assert.match(sid, /^CA[0-9a-f]{32}$/);
  });

  test('ends on the other side when one hangs up', async () => {
    for (const side of ['alice', 'bob']) {
      const call = await answered();
      const other = side === 'alice' ? call.bob : call.alice;
      // An SDK may know only its own name of the call.
      await call[side].say('hangup', { callsid: side === 'alice' ? 'TJ1' : call.sid });
      assert.deepEqual(other.heard(), [{ type: 'hangup', payload: { callsid: call.sid } }]);
      assert.deepEqual(call[side].heard(), []);
      assert.deepEqual(media.ended.splice(0), [call.sid]);
    }
  });

  test('ends when a connection closes', async () => {
    const { alice, bob } = await answered();
    alice.emit('close');
    assert.deepEqual(bob.types(), ['hangup']);
    const ringing = await ring();
    ringing.alice.emit('close');
    assert.deepEqual(ringing.bob.types(), ['cancel']);
  });

  test('ends after 30 seconds without an answer', async () => {
    const { alice, bob } = await ring();
    mock.timers.tick(29_999);
    assert.deepEqual([alice.types(), bob.types()], [[], []]);
    mock.timers.tick(1);
    assert.deepEqual([alice.types(), bob.types()], [['hangup'], ['cancel']]);
    // An answered call does not.
    const call = await answered();
    mock.timers.tick(31_000);
    assert.deepEqual(call.bob.types(), []);
  });

  test('is answered by its callee alone, and once', async () => {
    const { alice, bob, sid } = await ring();
    await alice.say('answer', { callsid: sid, sdp: 'x' });
    const carol = await register('carol');
    await carol.say('answer', { callsid: sid, sdp: 'x' });
    await carol.say('hangup', { callsid: sid });
    assert.deepEqual(alice.heard(), []);
    await bob.say('answer', { callsid: sid, sdp: 'x' });
    await bob.say('answer', { callsid: sid, sdp: 'x' });
    assert.deepEqual(alice.types(), ['answer']);
  });

  test('is refused while the callee is busy', async () => {
    await answered();
    const carol = await register('carol');
    await dial(carol, 'bob');
    assert.deepEqual(carol.types(), ['hangup 31486']);
    await dial(carol, 'carol');
    assert.deepEqual(carol.types(), ['hangup 31486']);
  });

  test('goes where the page says, not the token', async () => {
    const outgoing = { application_sid: 'AP123123', params: { To: 'eve' } };
    const alice = await register('alice', { outgoing });
    await register('bob');
    await dial(alice, 'bob');
    assert.deepEqual(alice.types(), ['ringing']);
  });

  test('is refused with more than 800 bytes of parameters', async () => {
    const alice = await register('alice');
    await register('bob');
    await dial(alice, 'bob', { x: 'x'.repeat(792) });
    assert.deepEqual(alice.types(), ['hangup 31103']);
    await dial(alice, 'bob', { x: 'x'.repeat(791) });
    assert.deepEqual(alice.types(), ['ringing']);
  });

  test('that ended is not refused afterwards', async () => {
    let fail;
    media.offer = () => new Promise((_, reject) => (fail = reject));
    const alice = await register('alice');
    await register('bob');
    await dial(alice, 'bob');
    await alice.say('hangup', { callsid: 'TJ1' });
    fail(new Error('the call has ended'));
    await new Promise(setImmediate);
    assert.deepEqual(alice.types(), ['ringing']);
  });

  test('fails with the media side', async () => {
    media.offer = async () => {
      throw new Error('no page is open');
    };
    const [alice] = [await register('alice'), await register('bob')];
    await dial(alice, 'bob');
    assert.deepEqual(alice.types(), ['ringing', 'hangup 31005']);
    media.offer = async () => 'offer';
    media.connect = media.answer = async () => {
      throw new Error('the page did not answer');
    };
    const call = await ring();
    await call.bob.say('answer', { callsid: call.sid, sdp: 'x' });
    assert.deepEqual(call.alice.types(), ['hangup 31005']);
    assert.deepEqual(call.bob.types(), ['hangup']);
  });

  test('reaches a number after a moment', async () => {
    const alice = await register('alice');
    await dial(alice, '+1 (555) 010-0100');
    assert.deepEqual(alice.types(), ['ringing']);
    mock.timers.tick(1000);
    await new Promise(setImmediate);
    const [{ type, payload }] = alice.heard();
    assert.deepEqual([type, payload.sdp], ['answer', 'answer of a number']);
  });
});

describe('a registration', () => {
  test('needs the permission for incoming calls', async () => {
    await register('bob', { incoming: undefined });
    const alice = await register('alice');
    await dial(alice, 'bob');
    assert.deepEqual(alice.types(), ['hangup 31404']);
    await register('carol', { incoming: { allow: false } });
    await dial(alice, 'carol');
    assert.deepEqual(alice.types(), ['hangup 31404']);
  });

  test('ends', async () => {
    const alice = await register('alice');
    const bob = await register('bob');
    await bob.say('register', { media: { audio: false } });
    assert.deepEqual(bob.types(), ['offline']);
    await dial(alice, 'bob');
    assert.deepEqual(alice.types(), ['hangup 31404']);
    (await register('carol')).emit('close');
    await dial(alice, 'carol');
    assert.deepEqual(alice.types(), ['hangup 31404']);
  });

  test('ends with its token', async () => {
    const alice = await register('alice');
    const bob = await register('bob');
    mock.timers.tick(30_000);
    await alice.say('listen', { token: mint('alice') });
    alice.heard();
    mock.timers.tick(30_000);
    assert.deepEqual(bob.types(), ['error 31205', 'offline']);
    await bob.say('register', { media: { audio: true } });
    assert.deepEqual(bob.types(), ['error 31204']);
    // The renewed one goes on.
    assert.deepEqual(alice.heard(), []);
    await dial(alice, 'bob');
    assert.deepEqual(alice.types(), ['hangup 31404']);
  });

  test('belongs to the last device with a name', async () => {
    const old = await register('bob');
    const young = await register('bob');
    const alice = await register('alice');
    await dial(alice, 'client:bob');
    assert.deepEqual(young.types(), ['invite']);
    assert.deepEqual(old.types(), []);
    old.emit('close'); // leaves the younger one
    await young.say('reject', { callsid: 'none' });
    await alice.say('hangup', { callsid: 'TJ1' });
    alice.heard();
    await dial(alice, 'bob');
    assert.deepEqual(alice.types(), ['ringing']);
  });

  test('follows the name of a new token', async () => {
    const device = await register('bob');
    await device.say('listen', { token: mint('bert') });
    await device.say('register', { media: { audio: true } });
    const alice = await register('alice');
    await dial(alice, 'bob');
    assert.deepEqual(alice.types(), ['hangup 31404']);
    await dial(alice, 'bert');
    assert.deepEqual(alice.types(), ['ringing']);
  });
});

test('each connection gets a line break every 10 seconds', () => {
  const socket = connect();
  mock.timers.tick(35_000);
  assert.equal(socket.beats, 3);
  socket.emit('close');
  mock.timers.tick(35_000);
  assert.equal(socket.beats, 3);
});
