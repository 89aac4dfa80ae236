// Each refused token and call shows Twilio's code on the page, and what to do about it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startBrowser, startDemo, usePage } from './support.js';

let demo;
let browser;

before(async () => {
  [demo, browser] = await Promise.all([startDemo(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** Mistakes for which the gateway refuses the token: its code, and words of the page's advice. */
const TOKENS = {
  expired: [31205, 'exp: it has expired'],
  tampered: [31202, 'the token was changed after it was signed'],
  secret: [31202, 'the secret'],
  long: [31207, 'longer than a day'],
  account: [31203, 'the account'],
  name: [31105, 'letters, digits and underscores'],
};

/** Mistakes for which it refuses an outgoing call. */
const CALLS = {
  application: [31001, 'the application'],
  outgoing: [31002, 'the permission for outgoing calls'],
};

/** The codes that an SDK reports by another number. */
const RENAMED = { 'voice-sdk': { 31205: 20104 }, 'twilio-client': {} };

async function assertRefusal(phone, sdk, [code, advice]) {
  const refusal = await phone.refusal();
  assert.equal(refusal.code, RENAMED[sdk][code] ?? code, refusal.text);
  assert(refusal.text.includes(advice), refusal.text);
}

for (const sdk of Object.keys(RENAMED)) {
  for (const kind of ['access', 'capability']) {
    describe(`with ${sdk} and ${kind} tokens`, () => {
      for (const [mistake, expected] of Object.entries(TOKENS)) {
        test(`a token with the mistake ${mistake} is refused`, () =>
          usePage(browser, demo, { sdk, kind, source: `mistake ${mistake}` }, async ({ first }) => {
            await first.press('Register');
            await assertRefusal(first, sdk, expected);
            await first.is('offline');
          }));
      }

      for (const [mistake, expected] of Object.entries(CALLS)) {
        test(`a call with the mistake ${mistake} is refused`, () =>
          usePage(browser, demo, { sdk, kind, source: `mistake ${mistake}` }, async ({ first }) => {
            await first.register('alice');
            await first.dial('bob');
            await assertRefusal(first, sdk, expected);
            await first.is('registered as alice');
          }));
      }

      test('a call to an unknown name is refused', () =>
        usePage(browser, demo, { sdk, kind }, async ({ first }) => {
          await first.register('alice');
          await first.dial('carol');
          await assertRefusal(first, sdk, [31404, 'a device must be registered']);
          await first.is('registered as alice');
        }));
    });
  }
}

test('a name that the back end refuses shows its message', () =>
  usePage(browser, demo, { client: 'alice smith' }, async ({ page, first }) => {
    const message = 'client must be 1 to 256 ASCII letters, digits and underscores';
    await page.getByRole('button', { name: 'Get token' }).click();
    await page.locator('#token-error', { hasText: message }).waitFor();
    await first.press('Register');
    assert((await first.refusal()).text.includes(message));
    await first.is('offline');
  }));

test('an error disappears with the next attempt', () =>
  usePage(browser, demo, { source: 'mistake tampered' }, async (page) => {
    await page.first.press('Register');
    await page.first.refusal();
    await page.choose({ source: 'backend go' });
    await page.first.register('alice');
    assert(await page.first.problem.isHidden());
  }));
