// Takes a token apart.

import { byId, element } from './dom.js';
import { decode, permissions } from './permissions.js';

/** Shows a token, with the seconds that are left. */
export class TokenView {
  #timer;

  /**
   * @param {string} token
   * @param {boolean} isWrong whether the demo has minted it with a mistake
   */
  show(token, isWrong) {
    const { parts, header, payload } = decode(token);
    const allowed = permissions({ header, payload });
    byId('permissions').replaceChildren(
      ...describe(allowed).map((text) => element('li', {}, text)),
    );
    byId('jwt').replaceChildren(
      element('span', { className: 'header-part' }, parts[0]),
      '.',
      element('span', { className: 'payload-part' }, parts[1]),
      '.',
      element('span', { className: 'signature-part' }, parts[2]),
    );
    byId('token-header').textContent = JSON.stringify(header, null, 2);
    byId('token-payload').textContent = JSON.stringify(payload, null, 2);
    byId('signature').textContent = isWrong
      ? 'This token has a mistake on purpose. The gateway says which one.'
      : `HMAC-SHA256 of the first two parts, with ${
          allowed.kind === 'access'
            ? `the secret of API key ${allowed.key}`
            : 'the account’s auth token'
        }. The page does not know this secret.`;
    byId('tour').hidden = true;
    byId('token').hidden = false;
    this.#count(payload.exp);
  }

  hide() {
    clearInterval(this.#timer);
    byId('token').hidden = true;
    byId('tour').hidden = false;
  }

  #count(expires) {
    clearInterval(this.#timer);
    const at = new Date(expires * 1000).toLocaleString();
    const show = () => {
      byId('expiry').textContent =
        `${expires * 1000 > Date.now() ? 'Expires' : 'Expired'}: ${remaining(expires - Date.now() / 1000)} (${at})`;
    };
    show();
    this.#timer = setInterval(show, 1000);
  }
}

/** Each permission in words. */
export function describe({ kind, account, key, name, incoming, outgoing, events }) {
  const as = name === undefined ? '' : `, as client ${name}`;
  const words = [
    incoming ? `Receives calls${as}.` : 'Receives no calls.',
    outgoing
      ? `Places calls through application ${outgoing.application}${as}.`
      : 'Places no calls.',
  ];
  for (const [param, value] of outgoing?.params ?? []) {
    words.push(`The application receives the parameter ${param} with the value “${value}”.`);
  }
  if (events) {
    words.push('Receives the events of the account.');
  }
  words.push(
    kind === 'access'
      ? `Access token of account ${account}, by API key ${key}.`
      : `Capability token of account ${account}.`,
  );
  return words;
}

/** A time in words, such as “59 min 58 s left”. */
export function remaining(seconds) {
  const whole = Math.ceil(Math.abs(seconds));
  const units = [
    [Math.floor(whole / 3600), 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ];
  const first = units.findIndex(([count]) => count > 0);
  const text = units
    .slice(first < 0 ? 2 : first)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
  return seconds > 0 ? `${text} left` : `${text} ago`;
}
