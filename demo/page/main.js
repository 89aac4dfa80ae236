// The page: settings, token, two phones, events.

import { fetchSettings, fetchToken, tokenPath } from './api.js';
import { byId, element, fill } from './dom.js';
import { serveMedia } from './media.js';
import { Panel } from './panel.js';
import { Phone } from './phone.js';
import { TokenView, remaining } from './token.js';

const PARAMS = 'note=Tea & cake for 2 + "Zoë" 🎉\nempty=';

const settings = await fetchSettings();
const tokenView = new TokenView();
/** The token on display, until the first phone has used it or a setting changes. */
let token;

fill(
  byId('backends'),
  settings.backends.map(({ id, name }) => ({ id: `backend ${id}`, name })),
);
fill(
  byId('mistakes'),
  settings.mistakes.map(({ id, name }) => ({ id: `mistake ${id}`, name })),
);
fill(byId('kind'), settings.kinds);
fill(
  byId('sdk'),
  settings.sdks.map(({ id, name, version }) => ({ id, name: `${name} ${version}` })),
);
fill(
  byId('lifetime'),
  settings.lifetimes.map((seconds) => ({ id: String(seconds), name: lifetime(seconds) })),
);
byId('lifetime').value = '3600';
byId('mode').textContent = settings.isLive
  ? 'This page uses your account at Twilio. Calls cost money.'
  : 'The gateway is a stub on this computer. Nothing is sent to Twilio.';

function lifetime(seconds) {
  return remaining(seconds)
    .replace(/ 0 \w+/g, '')
    .replace(' left', '');
}

function log(source) {
  return (text, details) => {
    const view = byId('log');
    const isAtEnd = view.scrollHeight - view.scrollTop - view.clientHeight < 40;
    const entry = element(
      'li',
      { className: source.toLowerCase().replaceAll(' ', '-') },
      element('time', {}, new Date().toLocaleTimeString()),
      ' ',
      element('strong', {}, source),
      ` ${text}`,
    );
    for (const [key, value] of details?.parameters ?? []) {
      entry.append(element('code', {}, `${key}=${value}`));
    }
    byId('events').append(entry);
    if (isAtEnd) {
      view.scrollTop = view.scrollHeight;
    }
  };
}

/** The settings. A form leaves out the lifetime while a mistake decides it. */
const choice = () => ({ lifetime: '3600', ...Object.fromEntries(new FormData(byId('settings'))) });
const logToken = log('Token');

async function askFor(path, client) {
  const answer = await fetchToken(path, client);
  logToken(`/${path}?client=${client} answers`);
  return answer;
}

function forget() {
  token = undefined;
  tokenView.hide();
  const isMistake = byId('source').value.startsWith('mistake');
  byId('lifetime').disabled = isMistake;
  byId('lifetime-hint').hidden = !isMistake;
  byId('token-error').hidden = true;
}

const isCurrent = (chosen) => JSON.stringify(chosen) === JSON.stringify(choice());

/** Asks for a token. Shows it, if the settings still are those that were asked for. */
async function showToken(chosen) {
  const { client, ...wanted } = chosen;
  const fail = byId('token-error');
  try {
    const answer = await askFor(tokenPath(wanted), client);
    if (isCurrent(chosen)) {
      fail.hidden = true;
      tokenView.show(answer.token, chosen.source.startsWith('mistake'));
    }
    return answer;
  } catch (error) {
    if (isCurrent(chosen)) {
      forget();
      fail.textContent = error.message;
      fail.hidden = false;
    }
    throw error;
  }
}

/** Keeps the token for the first phone. */
async function getToken() {
  const chosen = choice();
  const answer = await showToken(chosen);
  if (isCurrent(chosen)) {
    token = answer;
  }
}

byId('settings').addEventListener('input', forget);
byId('settings').addEventListener('submit', (event) => {
  event.preventDefault();
  getToken().catch((error) => logToken(error.message));
});
byId('clear').addEventListener('click', () => byId('events').replaceChildren());

function advise(code) {
  return settings.codes.find(({ codes }) => codes.includes(code))?.advice;
}

/** The ID under which the gateway knows this page. */
const page = crypto.randomUUID();
const gateway = settings.isLive ? undefined : `${location.host}/${page}`;

const panels = [
  new Panel({ title: 'First phone', to: 'bob', params: PARAMS }),
  new Panel({ title: 'Second phone', client: 'bob', to: 'alice', params: PARAMS }),
];
byId('phones').append(...panels.map(({ root }) => root));

const phones = [
  new Phone(panels[0], {
    log: log('First phone'),
    advise,
    gateway,
    // Its first token is the one on display, once.
    prepare() {
      const chosen = choice();
      const ask = takeFirst(token, () => showToken(chosen));
      token = undefined;
      return { sdk: chosen.sdk, ask };
    },
  }),
  new Phone(panels[1], {
    log: log('Second phone'),
    advise,
    gateway,
    // It never has a wrong token, so that the first phone can call it.
    prepare(client) {
      const { sdk, source, ...chosen } = choice();
      const good = source.startsWith('backend') ? source : `backend ${settings.backends[0].id}`;
      const path = tokenPath({ ...chosen, source: good });
      return { sdk, ask: () => askFor(path, client) };
    },
  }),
];

/** Returns a value at first, if there is one, and then what `ask` returns. */
function takeFirst(value, ask) {
  return async () => {
    const taken = value ?? (await ask());
    value = undefined;
    return taken;
  };
}

if (!settings.isLive) {
  const logGateway = log('Gateway');
  const socket = new WebSocket(`wss://${gateway}/page`);
  serveMedia(socket, logGateway);
  socket.addEventListener('close', () => {
    const mode = 'The demo has ended. Start it again, and reload this page.';
    logGateway(mode);
    byId('mode').textContent = mode;
    phones.forEach((phone) => phone.unregister());
  });
}
