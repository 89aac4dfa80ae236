// A phone on the page: its panel, its registration and its call.

import { element, byId } from './dom.js';
import { register } from './sdk.js';

// A token is renewed this long before its end, or after half of its lifetime.
const RENEW_BEFORE = 10;
const RETRY = 2000;

export class Phone {
  #root;
  #device;
  #name;
  #call;
  #renewal;
  #options;

  /**
   * @param {object} options
   * @param {string} options.title
   * @param {string} options.client the proposed client name; without one, the panel has no field
   * @param {string} options.to the proposed number
   * @param {string} options.params the proposed parameters
   * @param {() => Promise<{sdk, isLive, ask}>} options.prepare chooses the SDK, and how to ask for tokens
   * @param {(text: string, details?: object) => void} options.log
   * @param {(code: number) => string | undefined} options.advise what to do about an error code
   */
  constructor(options) {
    this.#options = options;
    this.#root = byId('phone').content.cloneNode(true).firstElementChild;
    const id = options.title.toLowerCase().replaceAll(' ', '-');
    this.#root.id = id;
    this.#root.setAttribute('aria-labelledby', `${id}-title`);
    Object.assign(this.#find('h2'), { id: `${id}-title`, textContent: options.title });
    if (options.client) {
      this.#field('client').value = options.client;
    } else {
      this.#find('.own-name').remove();
    }
    this.#field('to').value = options.to;
    this.#field('params').value = options.params;
    this.#listen();
    this.#show('offline');
  }

  get root() {
    return this.#root;
  }

  #listen() {
    const on = (selector, type, act) =>
      this.#find(selector).addEventListener(type, (event) => {
        event.preventDefault();
        this.#explain();
        act().catch((error) => this.#fail(error.code, error.message));
      });
    on('.registration', 'submit', () => this.register());
    on('.unregister', 'click', async () => this.unregister());
    on('.dial', 'submit', () => this.#connect());
    on('.answer', 'click', async () => this.#call.accept());
    on('.reject', 'click', async () => this.#call.reject());
    on('.hang-up', 'click', async () => this.#call.disconnect());
  }

  /** Registers with a new device, and keeps its token valid. */
  async register() {
    this.unregister();
    const { sdk, isLive, ask } = await this.#options.prepare(this.#field('client')?.value);
    const answer = await ask();
    this.#name = answer.identity;
    this.#show('registering');
    let isRegistered = false;
    const sdkName = () => device.name;
    const device = await register(sdk, answer.token, isLive, {
      registered: () => {
        isRegistered = true;
        this.#options.log(`registered as ${answer.identity}, with ${sdkName()}`);
        if (!this.#call) {
          this.#show('registered');
        }
      },
      unregistered: () => {
        if (isRegistered) {
          this.#options.log('offline');
          this.#show('offline');
        }
      },
      incoming: (call) => this.#ring(call),
      error: (code, message) => {
        this.#fail(code, message);
        if (!isRegistered) {
          this.unregister(); // the SDK would wait forever
        }
      },
    });
    this.#device = device;
    this.#renew(answer, ask);
  }

  unregister() {
    clearTimeout(this.#renewal);
    // Its events no longer matter.
    const device = this.#device;
    this.#device = undefined;
    device?.destroy();
    this.#hangUp();
    this.#show('offline');
  }

  /** Asks for a new token before this one ends. */
  #renew({ expires_at: expires }, ask) {
    const left = expires * 1000 - Date.now();
    if (left <= 0) {
      return; // refused already
    }
    const again = async () => {
      try {
        const answer = await ask();
        this.#device.updateToken(answer.token);
        this.#options.log('renewed its token');
        this.#renew(answer, ask);
      } catch (error) {
        this.#options.log(`cannot renew its token: ${error.message}`);
        this.#renewal = setTimeout(again, RETRY);
      }
    };
    this.#renewal = setTimeout(again, Math.max(left - RENEW_BEFORE * 1000, left / 2));
  }

  async #connect() {
    const to = this.#field('to').value.trim();
    this.#show('calling', `calling ${to}`);
    this.#options.log(`calls ${to}`);
    try {
      const call = await this.#device.connect({
        ...parse(this.#field('params').value),
        To: to,
      });
      this.#attach(call, to);
    } catch (error) {
      this.#hangUp();
      throw error;
    }
  }

  #ring(call) {
    const from = (call.parameters.From ?? '').replace(/^client:/, '');
    const params = [...call.customParameters];
    this.#options.log(`is called by ${from}`, { parameters: params });
    this.#attach(call, from);
    this.#find('dl').replaceChildren(
      ...params.flatMap(([key, value]) => [element('dt', {}, key), element('dd', {}, value)]),
    );
    this.#find('.received').hidden = params.length === 0;
    this.#show('ringing', `${from} is calling`);
  }

  #attach(call, partner) {
    this.#call = call;
    const ended = (how) => () => {
      if (this.#call === call) {
        this.#options.log(how);
        this.#hangUp();
      }
    };
    call.on('ringing', () => {
      this.#options.log(`hears ${partner} ring`);
      this.#show('calling', `ringing ${partner}`);
    });
    call.on('accept', () => {
      this.#options.log(`is connected to ${partner}`);
      this.#show('connected', `in a call with ${partner}`);
    });
    call.on('disconnect', ended('call ended'));
    call.on('cancel', ended('the caller has hung up'));
    call.on('reject', ended('rejected the call'));
    call.on('error', () => setTimeout(ended('call failed')));
  }

  #hangUp() {
    this.#call = undefined;
    if (this.#device && this.#root.dataset.state !== 'offline') {
      this.#show('registered');
    }
  }

  #fail(code, message) {
    this.#options.log(code ? `error ${code}: ${message}` : message);
    this.#explain(code, message);
    if (this.#root.dataset.state === 'registering') {
      this.#show('offline');
    }
  }

  /** Shows an error and what to do about it; without arguments, removes it. */
  #explain(code, message) {
    const problem = this.#find('.problem');
    problem.hidden = message === undefined;
    if (problem.hidden) {
      problem.replaceChildren();
      return;
    }
    const advice = this.#options.advise(code);
    problem.replaceChildren(
      element('h3', {}, code ? `Error ${code}` : 'Error'),
      element('p', {}, message),
      ...(advice ? [element('p', {}, 'Look at: ', advice, '.')] : []),
      ...(code
        ? [
            element(
              'p',
              {},
              element(
                'a',
                { href: `https://www.twilio.com/docs/api/errors/${code}` },
                `What Twilio says about ${code}`,
              ),
            ),
          ]
        : []),
    );
  }

  /** Shows the state, and the controls that it allows. */
  #show(state, text = state === 'registered' ? `registered as ${this.#name}` : state) {
    const focused = document.activeElement;
    this.#root.dataset.state = state;
    this.#find('.state').textContent = text;
    const isInCall = ['calling', 'ringing', 'connected'].includes(state);
    const isOffline = state === 'offline' || state === 'registering';
    this.#find('.own-name')?.toggleAttribute('hidden', !isOffline);
    this.#find('.register').hidden = !isOffline;
    this.#find('.unregister').hidden = state === 'offline';
    this.#find('.dial').hidden = isOffline || isInCall;
    this.#find('.current').hidden = !isInCall;
    this.#find('.partner').textContent = state === 'ringing' ? text : '';
    this.#find('.answer').hidden = state !== 'ringing';
    this.#find('.reject').hidden = state !== 'ringing';
    this.#find('.hang-up').hidden = state === 'ringing';
    if (state !== 'ringing' && state !== 'connected') {
      this.#find('.received').hidden = true;
    }
    if (this.#root.contains(focused) && !focused.checkVisibility()) {
      this.#moveFocus();
    }
  }

  /** The control with the focus is hidden now. The next useful one gets it. */
  #moveFocus() {
    const next = ['.answer', '.hang-up', '[name=to]', '.register'].map((name) => this.#find(name));
    next.find((control) => control.checkVisibility())?.focus();
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }

  #field(name) {
    return this.#find(`[name=${name}]`);
  }
}

/** Reads lines of `key=value`. */
function parse(text) {
  const pairs = text
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1)]);
  return Object.fromEntries(pairs);
}
