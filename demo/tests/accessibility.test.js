// Everything works by keyboard alone, axe-core finds no violation in any state, and no width needs
// sideways scrolling. Keeps a picture of each state.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import axe from 'axe-core';

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

async function assertAccessible(page, state) {
  // An animation could hide a wrong colour.
  await page.page.evaluate(axe.source);
  const { violations } = await page.page.evaluate(() => window.axe.run());
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(', ')}`,
  );
  assert.deepEqual(found, [], state);
  const excess = await page.page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.equal(excess, 0, `${state} is too wide`);
}

const LOOKS = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  narrow: { colorScheme: 'light', viewport: { width: 320, height: 640 } },
  'narrow-dark': { colorScheme: 'dark', viewport: { width: 320, height: 640 } },
  wide: { colorScheme: 'light', viewport: { width: 2560, height: 1300 } },
};

for (const [look, options] of Object.entries(LOOKS)) {
  test(`each state is accessible: ${look}`, () =>
    usePage(
      browser,
      demo,
      { source: 'backend go' },
      async (page) => {
        const show = async (state) => {
          await assertAccessible(page, state);
          await page.picture(`${state}-${look}`);
        };
        await show('start');
        await page.getToken();
        await show('access-token');
        await page.choose({ kind: 'capability' });
        await page.getToken();
        await show('capability-token');
        await page.first.register('alice');
        await page.second.register('bob');
        await show('registered');
        await page.first.root.getByText('Parameters of the call').click();
        await show('parameters');
        await page.first.dial('bob');
        await page.second.is('alice is calling');
        await show('ringing');
        await page.second.press('Answer');
        await page.first.is('in a call with bob');
        await show('in-call');
        await page.first.press('Hang up');
        await page.first.is('registered as alice');
        await page.first.press('Unregister');
        for (const mistake of ['expired', 'tampered', 'long']) {
          await page.choose({ source: `mistake ${mistake}` });
          await page.getToken();
          await page.first.press('Register');
          await page.first.refusal();
          await page.first.is('offline');
          await show(`refused-${mistake}`);
        }
        await page.choose({ source: 'backend c', client: 'a b' });
        await page.page.getByRole('button', { name: 'Get token' }).click();
        await page.page.locator('#token-error').waitFor();
        await show('wrong-name');
      },
      options,
    ));
}

test('everything works by keyboard alone', () =>
  usePage(browser, demo, {}, async (page) => {
    const { keyboard } = page.page;

    /** Presses Tab until an element has the focus, which must be visible. */
    async function go(locator) {
      for (let presses = 0; presses < 80; presses++) {
        if (await locator.evaluate((element) => element === document.activeElement)) {
          const width = await locator.evaluate((element) => getComputedStyle(element).outlineStyle);
          assert.notEqual(width, 'none', 'the focus is not visible');
          return;
        }
        await keyboard.press('Tab');
      }
      throw new Error(`Tab does not reach ${locator}`);
    }

    async function press(locator) {
      await go(locator);
      await keyboard.press('Enter');
    }

    const setting = (name) => page.page.locator(`#${name}`);
    await go(setting('source'));
    await keyboard.type('Go');
    await go(setting('kind'));
    await keyboard.press('ArrowDown');
    await go(setting('sdk'));
    await keyboard.press('ArrowDown');
    assert.equal(await setting('source').inputValue(), 'backend go');
    assert.equal(await setting('kind').inputValue(), 'capability');
    assert.equal(await setting('sdk').inputValue(), 'twilio-client');
    await go(setting('client'));
    await keyboard.press('Control+A');
    await keyboard.type('dora');
    await keyboard.press('Enter');
    await page.page.locator('#token').waitFor();

    await press(page.first.button('Register'));
    await page.first.is('registered as dora');
    await press(page.second.button('Register'));
    await page.second.is('registered as bob');
    await go(page.first.root.locator('[name=to]'));
    await keyboard.press('Enter');
    await page.second.is('dora is calling');
    await press(page.second.button('Answer'));
    await page.first.is('in a call with bob');
    await press(page.first.button('Hang up'));
    await page.second.is('registered as bob');
    await go(page.page.locator('#log'));
    await press(page.page.getByRole('button', { name: 'Clear' }));
    assert.deepEqual(await page.events(), []);
  }));

test('the focus stays on the phone when its buttons change', () =>
  usePage(browser, demo, {}, async (page) => {
    const isInside = (phone) =>
      phone.root.evaluate((root) => root.contains(document.activeElement));
    await page.first.button('Register').focus();
    await page.page.keyboard.press('Enter');
    await page.first.is('registered as alice');
    assert(await isInside(page.first));
    await page.second.register('bob');
    await page.first.button('Call').focus();
    await page.page.keyboard.press('Enter');
    await page.second.is('alice is calling');
    assert(await isInside(page.first));
  }));
