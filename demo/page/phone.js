// A phone on the page: its registration, its call, and the renewal of its token.

import { register } from './sdk.js';

// A token is renewed this long before its end, or after half of its lifetime.
const RENEW_BEFORE = 10_000;
const RETRY = 2000;
const PATIENCE = 2000;

export class Phone {
  #panel;
  #options;
  /** Stands for the device, also while it is created. Events of earlier devices are ignored. */
  #attempt;
  #device;
  #name;
  #isRegistered = false;
  #renewal;
  #call;

  /**
   * @param {import('./panel.js').Panel} panel
   * @param {object} options
   * @param {(client?: string) => {sdk: string, ask: () => Promise}} options.prepare chooses the SDK,
   *   and how to ask for tokens
   * @param {string | undefined} options.gateway as in register() of sdk.js
   * @param {(text: string, details?: object) => void} options.log
   * @param {(code: number) => string | undefined} options.advise what to do about an error code
   */
  constructor(panel, options) {
    this.#panel = panel;
    this.#options = options;
    const on = (selector, act) =>
      panel.on(selector, async () => {
        panel.forgive();
        try {
          await act();
        } catch (error) {
          this.#fail(error.code, error.message);
        }
      });
    on('.registration', () => this.register());
    on('.unregister', () => this.unregister());
    on('.dial', () => this.#connect());
    // The call may have ended a moment ago.
    on('.answer', () => this.#call?.accept());
    on('.reject', () => this.#call?.reject());
    on('.hang-up', () => this.#hangUp());
  }

  /** Registers with a new device, and keeps its token valid. */
  async register() {
    this.unregister();
    const attempt = {};
    this.#attempt = attempt;
    const { sdk, ask } = this.#options.prepare(this.#panel.client);
    this.#panel.show('registering');
    try {
      const answer = await ask();
      const device = await register(
        sdk,
        answer.token,
        this.#options.gateway,
        this.#handlers(attempt),
      );
      if (this.#attempt !== attempt) {
        device.destroy();
        return;
      }
      this.#device = device;
      this.#name = answer.identity;
      this.#renew(answer, ask, attempt);
    } catch (error) {
      if (this.#attempt === attempt) {
        this.unregister();
        throw error;
      }
    }
  }

  #handlers(attempt) {
    const ifCurrent =
      (act) =>
      (...args) =>
        this.#attempt === attempt && act(...args);
    return {
      registered: ifCurrent(() => {
        this.#options.log(`registered as ${this.#name}, with ${this.#device.name}`);
        this.#isRegistered = true;
        this.#panel.forgive();
        this.#rest();
      }),
      unregistered: ifCurrent(() => {
        if (this.#isRegistered) {
          this.#options.log('offline');
          this.#isRegistered = false;
          this.#rest();
        }
      }),
      incoming: ifCurrent((call) => this.#ring(call)),
      error: ifCurrent((code, message) => {
        this.#fail(code, message);
        if (!this.#isRegistered && !this.#call) {
          this.unregister(); // the SDK would try forever
        }
      }),
    };
  }

  unregister() {
    clearTimeout(this.#renewal);
    const device = this.#device;
    this.#attempt = undefined;
    this.#device = undefined;
    this.#isRegistered = false;
    this.#call = undefined;
    device?.destroy();
    this.#rest();
  }

  /** Asks for a new token before this one ends. If that fails, tries again, also after the end. */
  #renew({ expires_at: expires }, ask, attempt) {
    const left = expires * 1000 - Date.now();
    if (left <= 0) {
      return; // the token was refused
    }
    const again = async () => {
      try {
        const answer = await ask();
        if (this.#attempt === attempt) {
          this.#options.log('renews its token');
          this.#device.updateToken(answer.token);
          this.#renew(answer, ask, attempt);
        }
      } catch (error) {
        if (this.#attempt === attempt) {
          this.#options.log(`cannot renew its token: ${error.message}`);
          this.#renewal = setTimeout(again, RETRY);
        }
      }
    };
    this.#renewal = setTimeout(again, Math.max(left - RENEW_BEFORE, left / 2));
  }

  async #connect() {
    const { to, params } = this.#panel;
    const attempt = this.#attempt;
    this.#panel.show('calling', `calling ${to}`);
    this.#options.log(`calls ${to}`);
    try {
      const call = await this.#device.connect({ ...params, To: to });
      if (this.#attempt === attempt) {
        this.#attach(call, to);
      }
    } catch (error) {
      this.#rest();
      throw error;
    }
  }

  #ring(call) {
    const from = (call.parameters.From ?? '').replace(/^client:/, '');
    const parameters = [...call.customParameters];
    this.#options.log(`is called by ${from}`, { parameters });
    this.#attach(call, from);
    this.#panel.receive(parameters);
    this.#panel.show('ringing', `${from} is calling`);
  }

  #attach(call, partner) {
    this.#call = call;
    this.#panel.receive([]);
    const ifCurrent = (act) => () => this.#call === call && act();
    const ended = (how) =>
      ifCurrent(() => {
        this.#options.log(how);
        this.#call = undefined;
        this.#rest();
      });
    const ringing = ifCurrent(() => {
      this.#options.log(`hears ${partner} ring`);
      this.#panel.show('calling', `ringing ${partner}`);
    });
    const connected = ifCurrent(() => {
      this.#panel.forgive();
      this.#options.log(`is connected to ${partner}`);
      this.#panel.show('connected', `in a call with ${partner}`);
    });
    call.on('ringing', ringing);
    call.on('accept', connected);
    call.on('disconnect', ended('call ended'));
    call.on('cancel', ended('the caller has hung up'));
    call.on('reject', ended('rejected the call'));
    // The device reports the error itself.
    call.on('error', () => setTimeout(ended('call failed')));
  }

  /** Ends the call, also if the gateway is gone and the SDK waits for it. */
  #hangUp() {
    const call = this.#call;
    call?.disconnect();
    setTimeout(() => {
      if (call && this.#call === call) {
        this.#options.log('call ended, without the gateway');
        this.unregister();
      }
    }, PATIENCE);
  }

  /** Shows the state without a call. */
  #rest() {
    if (this.#call) {
      return;
    }
    if (this.#isRegistered) {
      this.#panel.show('registered', `registered as ${this.#name}`);
    } else {
      this.#panel.show('offline');
    }
  }

  #fail(code, message) {
    this.#options.log(code ? `error ${code}: ${message}` : message);
    this.#panel.explain({ code, message, advice: this.#options.advise(code) });
  }
}
