// The demo starts, explains what fails, and ends.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import * as support from './support.js';

const { usePage } = support;

/** Starts a demo that ends with the test, also if the test fails. */
async function startDemo(t, options, environment) {
  const demo = await support.startDemo(options, environment);
  t.after(() => demo.stop());
  return demo;
}

async function startBrowser(t) {
  const browser = await support.startBrowser();
  t.after(() => browser.close());
  return browser;
}

/** The processes that a process has started. */
function children(id) {
  return readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').trim().split(' ').filter(Boolean);
}

const isRunning = (id) => {
  try {
    return !readFileSync(`/proc/${id}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  test(`${signal} ends the demo and its servers`, async (t) => {
    const demo = await startDemo(t);
    const browser = await startBrowser(t);
    await usePage(browser, demo, {}, async (page) => {
      for (const source of ['c', 'php', 'go']) {
        await page.choose({ source: `backend ${source}` });
        await page.getToken();
      }
      await page.first.register('alice');
      const servers = children(demo.process.pid);
      assert.equal(servers.length, 3);
      assert.equal(await demo.stop(signal), 0, demo.output.join('\n'));
      assert.deepEqual(servers.filter(isRunning), []);
      await page.page.locator('#mode', { hasText: 'The demo has ended.' }).waitFor();
      await page.first.is('offline');
      page.faults = [];
    });
  });
}

test('a port in use is explained', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address();
  await assert.rejects(startDemo(t, ['--port', String(port)]), {
    message: `Port ${port} is in use. Choose another, such as DEMO_PORT=${port + 1}`,
  });
});

test('a wrong port is explained', async (t) => {
  for (const port of ['abc', '99999', '', '-1']) {
    await assert.rejects(startDemo(t, [`--port=${port}`]), {
      message: `"${port}" is no port: write a number from 0 to 65535, such as DEMO_PORT=8443`,
    });
  }
});

test('a back end that cannot start is explained on the page', async (t) => {
  const demo = await startDemo(t, ['--library', '/nothing/libcaptoken.so.0']);
  const browser = await startBrowser(t);
  await usePage(browser, demo, { source: 'backend c' }, async ({ page }) => {
    await page.getByRole('button', { name: 'Get token' }).click();
    const problem = page.locator('#token-error');
    await problem.waitFor();
    assert.match(await problem.innerText(), /The server in C has ended\.[^]*libcaptoken\.so\.0/);
  });
  const start = Date.now();
  assert.equal(await demo.stop(), 0);
  assert(Date.now() - start < 5000, 'the end takes long');
});

test('a back end that was killed starts again', async (t) => {
  const demo = await startDemo(t);
  const browser = await startBrowser(t);
  await usePage(browser, demo, { source: 'backend go' }, async (page) => {
    await page.getToken();
    const [server] = children(demo.process.pid);
    execFileSync('kill', ['-KILL', server]);
    await page.choose({ client: 'carol' });
    await page.getToken();
    assert.notDeepEqual(children(demo.process.pid), [server]);
  });
});

test('a certificate is kept until it is damaged', async (t) => {
  const file = join(process.env.DEMO_BUILT, `certificate-kept-${process.pid}.json`);
  const start = async () => {
    const demo = await startDemo(t, ['--certificate', file]);
    await demo.stop();
    return readFileSync(file, 'utf8');
  };
  const first = await start();
  assert.equal(await start(), first);
  writeFileSync(file, 'x');
  assert.notEqual(await start(), first);
  rmSync(file);
});

test('the live demo names missing and wrong variables', async (t) => {
  const start = (environment) => startDemo(t, ['--live'], environment);
  await assert.rejects(start({ TWILIO_ACCOUNT_SID: 'AC1' }), {
    message:
      'missing environment variables: TWILIO_APP_SID, TWILIO_API_KEY_SID and ' +
      'TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN. docs/live.md has the steps',
  });
  const wrong = { TWILIO_ACCOUNT_SID: 'AP1', TWILIO_APP_SID: 'AC1', TWILIO_AUTH_TOKEN: 't' };
  await assert.rejects(start(wrong), { message: 'TWILIO_ACCOUNT_SID must begin with AC' });
});

test('the live page contacts Twilio and not the stub', async (t) => {
  const environment = {
    TWILIO_ACCOUNT_SID: 'AC123123',
    TWILIO_APP_SID: 'AP123123',
    TWILIO_AUTH_TOKEN: 'secret',
  };
  const demo = await startDemo(t, ['--live'], environment);
  assert(demo.output.includes('Uses the account AC123123 at Twilio: calls cost money.'));
  const browser = await startBrowser(t);
  await usePage(browser, demo, {}, async (page) => {
    assert.match(await page.page.locator('#mode').innerText(), /Calls cost money/);
    assert.deepEqual(await page.page.locator('#kind option').allInnerTexts(), ['Capability token']);
    await page.getToken();
    const socket = page.page.waitForEvent('websocket');
    await page.first.press('Register');
    const { host } = new URL((await socket).url());
    assert.match(host, /\.twilio\.com$/);
    page.faults = page.faults.filter((fault) => !fault.includes('twilio.com'));
  });
});
