// The panel of a phone: what a person sees and presses. phone.js decides.

import { byId, element } from './dom.js';

/** The states, and the controls that each allows. `registering` can be repeated or ended. */
const CONTROLS = {
  offline: ['.own-name', '.register'],
  registering: ['.own-name', '.register', '.unregister'],
  registered: ['.unregister', '.dial'],
  calling: ['.unregister', '.current', '.hang-up'],
  ringing: ['.unregister', '.current', '.partner', '.received', '.answer', '.reject'],
  connected: ['.unregister', '.current', '.received', '.hang-up'],
};

const ALL = [...new Set(Object.values(CONTROLS).flat())];

export class Panel {
  #root;

  /**
   * @param {object} proposed
   * @param {string} proposed.title
   * @param {string} [proposed.client] the client name; without it, the panel has no field for one
   * @param {string} proposed.to the number
   * @param {string} proposed.params the parameters
   */
  constructor({ title, client, to, params }) {
    this.#root = byId('phone').content.cloneNode(true).firstElementChild;
    const id = title.toLowerCase().replaceAll(' ', '-');
    this.#root.id = id;
    this.#root.setAttribute('aria-labelledby', `${id}-title`);
    Object.assign(this.#find('h2'), { id: `${id}-title`, textContent: title });
    if (client) {
      this.#field('client').value = client;
    } else {
      this.#find('.own-name').remove();
    }
    this.#field('to').value = to;
    this.#field('params').value = params;
    this.#root.addEventListener('click', ignoreSecondClick, { capture: true });
    this.show('offline');
  }

  get root() {
    return this.#root;
  }

  get client() {
    return this.#field('client')?.value;
  }

  get to() {
    return this.#field('to').value.trim();
  }

  /**
   * The parameters, from lines of `key=value`.
   *
   * @throws {Error} a line has no key, or one that another line has
   */
  get params() {
    const params = new Map();
    for (const line of this.#field('params').value.split('\n')) {
      const [, key, value] = /^\s*([^=]+?)\s*=(.*)$/.exec(line) ?? [];
      if (!key && line.trim()) {
        throw new Error(`Write the parameter as key=value: ${line}`);
      }
      if (params.has(key)) {
        throw new Error(`The parameter ${key} is there twice.`);
      }
      if (key) {
        params.set(key, value);
      }
    }
    return Object.fromEntries(params);
  }

  /** Calls `act` when a form is submitted or a button is pressed. */
  on(selector, act) {
    const control = this.#find(selector);
    control.addEventListener(control.tagName === 'FORM' ? 'submit' : 'click', (event) => {
      event.preventDefault();
      act();
    });
  }

  /** Shows a state and its controls. */
  show(state, text = state) {
    const focused = document.activeElement;
    this.#root.dataset.state = state;
    this.#find('.state').textContent = text;
    this.#find('.partner').textContent = state === 'ringing' ? text : '';
    for (const selector of ALL) {
      this.#find(selector)?.toggleAttribute('hidden', !CONTROLS[state].includes(selector));
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

  /** Lists the parameters of an incoming call. */
  receive(params) {
    const items = params.map(([key, value]) => [element('dt', {}, key), element('dd', {}, value)]);
    this.#find('dl').replaceChildren(...items.flat());
  }

  /** Removes the error. */
  forgive() {
    this.#find('.problem').hidden = true;
    this.#find('.problem').replaceChildren();
  }

  /**
   * Shows an error, Twilio's code if it has one, and what to do about it.
   *
   * @param {{code?: number, message: string, advice?: string}} problem
   */
  explain({ code, message, advice }) {
    const lines = [element('h3', {}, code ? `Error ${code}` : 'Error'), element('p', {}, message)];
    if (advice) {
      lines.push(element('p', {}, `Check ${advice}.`));
    }
    if (code) {
      const href = `https://www.twilio.com/docs/api/errors/${code}`;
      lines.push(
        element(
          'p',
          {},
          element(
            'a',
            { href, target: '_blank', rel: 'noreferrer' },
            `What Twilio says about ${code}`,
          ),
        ),
      );
    }
    this.#find('.problem').replaceChildren(...lines);
    this.#find('.problem').hidden = false;
  }

  #find(selector) {
    return this.#root.querySelector(selector);
  }

  #field(name) {
    return this.#find(`[name=${name}]`);
  }
}

/** The first click of a double click may have put another button in the place of the first. */
function ignoreSecondClick(event) {
  if (event.detail > 1 && event.target.closest('button')) {
    event.preventDefault();
    event.stopPropagation();
  }
}
