// A page renews its token before the end, so its phone stays registered.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startBrowser, startDemo, usePage } from './support.js';

const LIFETIME = 20;

let browser;

before(async () => {
  browser = await startBrowser();
});

after(() => browser?.close());

// Each has a demo, so that all can wait together.
describe('the token', { concurrency: true }, () => {
  async function withDemo(sdk, use) {
    const demo = await startDemo();
    try {
      await usePage(browser, demo, { sdk, lifetime: String(LIFETIME) }, use);
    } finally {
      await demo.stop();
    }
  }

  for (const sdk of ['voice-sdk', 'twilio-client']) {
    test(`${sdk} stays registered after the first token has ended`, () =>
      withDemo(sdk, stayRegistered));
    test(`${sdk} goes offline if there is no new token`, () => withDemo(sdk, endToken));
  }
});

async function stayRegistered(page) {
  await page.getToken();
  const first = await page.page.locator('#jwt').textContent();
  const ends = Date.now() + LIFETIME * 1000;
  await page.first.register('alice');
  await page.second.register('bob');
  await page.event('First phone renews its token');
  await page.event('Second phone renews its token');
  assert.notEqual(await page.page.locator('#jwt').textContent(), first);
  await page.page.waitForTimeout(ends + 2000 - Date.now());
  await page.first.is('registered as alice');
  await page.second.dial('alice');
  await page.first.is('bob is calling');
  await page.first.press('Answer');
  await page.second.is('in a call with alice');
  const refused = (await page.events()).filter((event) => event.includes('refuses'));
  assert.deepEqual(refused, []);
}

async function endToken(page) {
  await page.first.register('alice');
  // The back end fails from now on.
  await page.page.route('**/token?*', (route) =>
    route.fulfill({ status: 500, json: { error: 'the server is not set up' } }),
  );
  await page.event('First phone cannot renew its token: the server is not set up');
  await page.first.is('offline');
  const { code } = await page.first.refusal();
  assert([20104, 31205].includes(code), String(code));
  // When the back end works again, so does the phone.
  await page.page.unroute('**/token?*');
  await page.first.is('registered as alice');
}
