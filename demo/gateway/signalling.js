// The frames that Twilio's browser SDKs exchange with Twilio's gateway, as JSON on a WebSocket. Both
// SDKs speak the same: twilio-client 1.15.1 in version 1.5, @twilio/voice-sdk 2.18.5 in 1.6.
// A frame is {"type": "listen", "payload": {...}}. ../README.md lists the types.

import { randomBytes } from 'node:crypto';

import { Refusal, verify } from './verify.js';

// The SDKs reconnect if they receive nothing for 15 seconds.
const HEARTBEAT = 10_000;
const RING_TIME = 30_000;
// Twilio's limit of the parameters of a call, in bytes.
const MAX_PARAMS = 800;
// A person sees that a number rings.
const TIME_TO_ANSWER = 800;

/** Knows which devices are registered, and connects their calls. */
export class Switchboard {
  /** The registered device of each client name. The last one with a name receives its calls. */
  #devices = new Map();
  #calls = new Set();
  #account;
  #media;
  #log;

  /**
   * @param {import('./account.js').Account} account
   * @param {import('./media.js').Media} media
   * @param {(text: string, details?: object) => void} log receives what the gateway decides
   */
  constructor(account, media, log) {
    this.#account = account;
    this.#media = media;
    this.#log = log;
  }

  /** Serves a connection of an SDK until it closes. Its page has this ID. */
  accept(page, socket) {
    const device = new Device(page, socket);
    const heartbeat = setInterval(() => socket.send('\n'), HEARTBEAT);
    socket.on('message', async (data) => {
      const text = data.toString();
      if (text === '\n') {
        return;
      }
      try {
        await this.#receive(device, JSON.parse(text));
      } catch (error) {
        this.#log(`cannot handle ${text}: ${error.stack}`);
      }
    });
    socket.on('close', () => {
      clearInterval(heartbeat);
      clearTimeout(device.expiry);
      this.#unregister(device);
      this.#callsOf(device).forEach((call) => this.#end(call, device));
    });
  }

  async #receive(device, { type, payload = {} }) {
    const call = this.#callsOf(device).find(({ ids }) => ids.has(payload.callsid));
    switch (type) {
      case 'listen':
        return this.#listen(device, payload.token);
      case 'register':
        return this.#register(device, payload.media);
      case 'invite':
        return this.#invite(device, payload);
      case 'answer':
        return call?.callee === device && this.#answer(call, payload.sdp);
      case 'hangup':
      case 'reject':
        return call && this.#end(call, device);
      case 'dtmf':
        return this.#log(`${device.name} presses ${payload.dtmf}`);
      default:
        return undefined; // such as an SDK's attempt to renew its media
    }
  }

  /** Verifies a token, at the start and at each renewal. */
  #listen(device, token) {
    try {
      device.allowed = verify(token, this.#account);
    } catch (error) {
      this.#refuse(device, error);
      return;
    }
    const { kind, name, expires } = device.allowed;
    device.name = name;
    const ttl = expires - Math.floor(Date.now() / 1000);
    this.#log(`accepts the ${kind} token of ${name}, valid for ${ttl} s`);
    clearTimeout(device.expiry);
    device.expiry = setTimeout(
      () => this.#expire(device),
      Math.max(0, expires * 1000 - Date.now()),
    );
    device.send('connected', { region: 'stub', token: { identity: name, ttl } });
  }

  #refuse(device, error) {
    if (!(error instanceof Refusal)) {
      throw error;
    }
    this.#log(`refuses the token, ${error.code}: ${error.message}`);
    device.send('error', { error: { code: error.code, message: error.message } });
  }

  #expire(device) {
    this.#refuse(device, new Refusal(31205, 'the token has expired'));
    device.allowed = undefined;
    this.#unregister(device);
    device.send('offline');
  }

  #register(device, media) {
    if (!device.allowed) {
      this.#refuse(device, new Refusal(31204, 'no token was accepted before'));
    } else if (!media?.audio) {
      this.#unregister(device);
      device.send('offline');
    } else {
      this.#unregister(device); // a new token may have another name
      if (device.allowed.incoming) {
        device.registered = device.name;
        this.#devices.set(device.name, device);
        this.#log(`registers ${device.name}`);
      }
      device.send('ready');
    }
  }

  #unregister(device) {
    if (this.#devices.get(device.registered) === device) {
      this.#devices.delete(device.registered);
    }
    device.registered = undefined;
  }

  /** An outgoing call. The stub of the application reads the parameter `To`, as Twilio's examples do. */
  async #invite(caller, { callsid, sdp, twilio }) {
    const call = new Call(caller, callsid);
    this.#calls.add(call);
    try {
      const params = this.#application(caller, twilio?.params ?? '');
      // The page's comes after one of the token.
      const to = params.getAll('To').at(-1) ?? '';
      if (/^[+\d() -]+$/.test(to)) {
        await this.#callNumber(call, sdp, to);
      } else {
        await this.#callClient(call, sdp, to.replace(/^client:/, ''), params);
      }
    } catch (error) {
      this.#fail(call, error);
    }
  }

  /** Ends a call because of an error, of which the caller is told. */
  #fail(call, { code = 31005, message }) {
    if (!this.#calls.has(call)) {
      return; // ended meanwhile
    }
    const { caller, callee, temporary, sid } = call;
    this.#log(`refuses the call, ${code}: ${message}`);
    caller.send('hangup', { callsid: temporary, error: { code, message } });
    callee?.send(call.isAnswered ? 'hangup' : 'cancel', { callsid: sid });
    this.#forget(call);
  }

  /** Checks the permission for outgoing calls. Returns what the application receives. */
  #application(caller, query) {
    if (query.length > MAX_PARAMS) {
      throw new Refusal(31103, `the parameters have more than ${MAX_PARAMS} bytes`);
    }
    const outgoing = caller.allowed?.outgoing;
    if (!outgoing) {
      throw new Refusal(31002, 'the token does not allow outgoing calls');
    }
    if (outgoing.application !== this.#account.applicationSid) {
      throw new Refusal(31001, `there is no application ${outgoing.application}`);
    }
    const received = new URLSearchParams([...outgoing.params, ...new URLSearchParams(query)]);
    this.#log(`application ${outgoing.application} receives a call from client:${caller.name}`, {
      parameters: [...received],
    });
    return received;
  }

  async #callNumber(call, sdp, number) {
    call.caller.send('ringing', { callsid: call.sid });
    const [answer] = await Promise.all([
      this.#media.answer(call, sdp),
      new Promise((resolve) => setTimeout(resolve, TIME_TO_ANSWER)),
    ]);
    if (this.#calls.has(call)) {
      this.#log(`${number} answers`);
      call.isAnswered = true;
      call.caller.send('answer', { callsid: call.sid, sdp: answer });
    }
  }

  async #callClient(call, sdp, name, params) {
    const callee = this.#devices.get(name);
    if (!callee) {
      throw new Refusal(31404, `no device is registered as ${JSON.stringify(name)}`);
    }
    if (callee === call.caller || this.#callsOf(callee).length > 0) {
      throw new Refusal(31486, `${name} is busy`);
    }
    call.callee = callee;
    call.offer = sdp;
    call.caller.send('ringing', { callsid: call.sid });
    const offer = await this.#media.offer(call);
    if (!this.#calls.has(call)) {
      return; // the caller was faster
    }
    const from = `client:${call.caller.name}`;
    this.#log(`calls ${name}`);
    callee.send('invite', {
      callsid: call.sid,
      sdp: offer,
      parameters: {
        AccountSid: this.#account.accountSid,
        CallSid: call.sid,
        From: from,
        To: `client:${name}`,
        Params: params.toString(),
      },
    });
    call.timer = setTimeout(() => this.#end(call, undefined), RING_TIME);
  }

  async #answer(call, sdp) {
    if (call.isAnswered) {
      return;
    }
    clearTimeout(call.timer);
    call.isAnswered = true;
    try {
      const answer = await this.#media.connect(call, sdp, call.offer);
      if (this.#calls.has(call)) {
        this.#log(`${call.callee.name} answers ${call.caller.name}`);
        call.caller.send('answer', { callsid: call.sid, sdp: answer });
      }
    } catch (error) {
      this.#fail(call, error);
    }
  }

  /** Ends a call. `from` has ended it, and need not be told. */
  #end(call, from) {
    const { caller, callee, sid } = call;
    this.#forget(call);
    this.#log(from ? `${from.name} ends the call` : `${callee.name} does not answer`);
    if (callee && callee !== from) {
      callee.send(call.isAnswered ? 'hangup' : 'cancel', { callsid: sid });
    }
    if (caller !== from) {
      caller.send('hangup', { callsid: sid });
    }
  }

  #forget(call) {
    clearTimeout(call.timer);
    this.#calls.delete(call);
    this.#media.end(call);
  }

  #callsOf(device) {
    return [...this.#calls].filter(({ caller, callee }) => caller === device || callee === device);
  }
}

/** A connection of an SDK. */
class Device {
  /** The client name in its last token. */
  name;
  /** The permissions of the accepted token. */
  allowed;
  /** The client name under which it is called. */
  registered;
  expiry;
  #socket;

  constructor(page, socket) {
    this.page = page;
    this.#socket = socket;
  }

  send(type, payload = {}) {
    this.#socket.send(JSON.stringify({ type, payload }));
  }
}

class Call {
  sid = `CA${randomBytes(16).toString('hex')}`;
  callee;
  offer;
  timer;
  isAnswered = false;

  /** @param {string} temporary the caller's name of the call, until it knows the SID */
  constructor(caller, temporary) {
    this.caller = caller;
    this.page = caller.page;
    this.temporary = temporary;
    this.ids = new Set([temporary, this.sid]);
  }
}
