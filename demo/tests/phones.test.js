// Each back end, SDK and kind of token: both phones register, call, are called and hang up.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startBrowser, startDemo, usePage } from './support.js';

const SDKS = { 'voice-sdk': '@twilio/voice-sdk 2.18.5', 'twilio-client': 'twilio-client 1.15.1' };
const PARAMS = [
  ['note', 'Tea & cake for 2 + "Zoë" 🎉'],
  ['sign', "100% = 'all'?#/\\;"],
  ['spaces', '  a  b  '],
  ['empty', ''],
];

let demo;
let browser;

before(async () => {
  [demo, browser] = await Promise.all([startDemo(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

const withPage = (settings, use) => usePage(browser, demo, settings, use);

async function registerBoth(page) {
  await page.first.register('alice');
  await page.second.register('bob');
}

describe('a call between two phones', () => {
  for (const source of ['c', 'php', 'go']) {
    for (const sdk of Object.keys(SDKS)) {
      for (const kind of ['access', 'capability']) {
        test(`${source}, ${sdk}, ${kind}`, () =>
          withPage({ source: `backend ${source}`, sdk, kind }, (page) =>
            callEachOther(page, sdk, kind),
          ));
      }
    }
  }
});

async function callEachOther(page, sdk, kind) {
  const { first, second } = page;
  await page.getToken();
  await registerBoth(page);
  const events = await page.events();
  assert(events.includes(`First phone registered as alice, with ${SDKS[sdk]}`), events.join('\n'));
  assert(
    events.some((event) =>
      event.startsWith(`Gateway accepts the ${kind} token of alice, valid for `),
    ),
    events.join('\n'),
  );

  assert.equal(page.tokens[0], await page.page.locator('#jwt').textContent());

  const lines = PARAMS.map((pair) => pair.join('='));
  await first.root.getByText('Parameters of the call').click();
  await first.root.locator('[name=params]').fill(lines.join('\n'));
  await first.dial('bob');
  await second.is('alice is calling');
  // The first comes from the token, the last from the page.
  const expected = [['client', 'alice'], ...PARAMS, ['To', 'bob']];
  assert.deepEqual(await second.received(), expected);
  assert.deepEqual(
    await page.details('Gateway application'),
    expected.map((pair) => pair.join('=')),
  );
  await second.press('Answer');
  await first.is('in a call with bob');
  await second.is('in a call with alice');
  await page.hearsAudio();
  await first.press('Hang up');
  await second.is('registered as bob');
  await first.is('registered as alice');

  await second.dial('alice');
  await first.is('bob is calling');
  await first.press('Answer');
  await second.is('in a call with alice');
  await page.hearsAudio();
  await first.press('Hang up');
  await second.is('registered as bob');
}

for (const sdk of Object.keys(SDKS)) {
  describe(`with ${sdk}`, () => {
    test('a number answers', () =>
      withPage({ sdk }, async (page) => {
        await page.first.register('alice');
        await page.first.dial('+1 (555) 010-0100');
        await page.first.is('in a call with .*');
        await page.hearsAudio();
        await page.first.press('Hang up');
        await page.first.is('registered as alice');
      }));

    test('the callee rejects a call', () =>
      withPage({ sdk }, async (page) => {
        await registerBoth(page);
        await page.first.dial('bob');
        await page.second.press('Reject');
        await page.first.is('registered as alice');
        await page.second.is('registered as bob');
      }));

    test('the caller hangs up before the callee answers', () =>
      withPage({ sdk }, async (page) => {
        await registerBoth(page);
        await page.first.dial('bob');
        await page.second.is('alice is calling');
        await page.first.press('Hang up');
        await page.second.is('registered as bob');
        await page.first.is('registered as alice');
      }));

    test('an unregistered phone ends its call', () =>
      withPage({ sdk }, async (page) => {
        await registerBoth(page);
        await page.first.dial('bob');
        await page.second.press('Answer');
        await page.first.is('in a call with bob');
        await page.second.press('Unregister');
        await page.first.is('registered as alice');
        await page.second.is('offline');
      }));
  });
}

test('one page uses both SDKs', () =>
  withPage({ sdk: 'voice-sdk' }, async (page) => {
    await page.first.register('alice');
    await page.choose({ sdk: 'twilio-client' });
    await page.second.register('bob');
    await page.event(`First phone registered as alice, with ${SDKS['voice-sdk']}`);
    await page.event(`Second phone registered as bob, with ${SDKS['twilio-client']}`);
    await page.first.dial('bob');
    await page.second.press('Answer');
    await page.first.is('in a call with bob');
    await page.hearsAudio();
  }));

test('two presses of Register leave one device', () =>
  withPage({}, async (page) => {
    await page.first.button('Register').evaluate((button) => {
      button.click();
      button.click();
    });
    await page.first.is('registered as alice');
    await page.page.waitForTimeout(500); // a second device would connect
    assert.equal(page.connections.size, 1);
  }));

test('a double click presses one button', () =>
  withPage({}, async (page) => {
    await registerBoth(page);
    await page.first.button('Call').dblclick();
    await page.second.is('alice is calling');
    await page.second.button('Answer').dblclick();
    await page.first.is('in a call with bob');
    await page.first.button('Unregister').dblclick();
    await page.second.is('registered as bob');
    await page.first.is('offline');
  }));

test('the seconds of a token count down', () =>
  withPage({}, async (page) => {
    await page.getToken();
    await page.page.getByText(/^Expires: 59 min 59 s left/).waitFor();
    await page.page.getByText(/^Expires: 59 min 57 s left/).waitFor();
  }));

test('a wrong token is only for the first phone', () =>
  withPage({ source: 'mistake tampered' }, ({ second }) => second.register('bob')));

test('a token on display is used once', () =>
  withPage({ source: 'mistake expired' }, async (page) => {
    await page.getToken();
    await page.first.press('Register');
    await page.first.refusal();
    await page.choose({ source: 'backend php', lifetime: '600' });
    await page.getToken();
    await page.first.register('alice');
    await page.first.press('Unregister');
    await page.page.waitForTimeout(1100); // tokens of the same second are equal
    await page.first.register('alice');
    assert.equal(new Set(page.tokens).size, 3);
  }));

test('wrong parameters are explained', () =>
  withPage({}, async ({ first }) => {
    await first.register('alice');
    await first.root.getByText('Parameters of the call').click();
    const params = first.root.locator('[name=params]');
    for (const [text, message] of [
      ['a=1\nhello', 'Write the parameter as key=value: hello'],
      ['=x', 'Write the parameter as key=value: =x'],
      ['a=1\na=2', 'The parameter a is there twice.'],
    ]) {
      await params.fill(text);
      await first.press('Call');
      await first.problem.getByText(message).waitFor();
      await first.is('registered as alice');
    }
  }));
