// The demo starts, explains what fails, and ends.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';

import { startBrowser, startDemo, usePage } from './support.js';

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
  test(`${signal} ends the demo and its servers`, async () => {
    const demo = await startDemo();
    const browser = await startBrowser();
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
      await page.event('Gateway has ended');
      page.faults = []; // the SDK tries to connect again
    });
    await browser.close();
  });
}

test('a port in use is explained', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address();
  await assert.rejects(startDemo(['--port', String(port)]), {
    message: `Port ${port} is in use. Choose another: make demo-browser DEMO_PORT=8444`,
  });
  other.close();
});

test('a back end that cannot start is explained on the page', async () => {
  const demo = await startDemo(['--library', '/nothing/libcaptoken.so.0']);
  const browser = await startBrowser();
  await usePage(browser, demo, { source: 'backend c' }, async ({ page }) => {
    await page.getByRole('button', { name: 'Get token' }).click();
    const problem = page.locator('#token-error');
    await problem.waitFor();
    assert.match(await problem.innerText(), /The server in C has ended\.[^]*libcaptoken\.so\.0/);
  });
  await browser.close();
  await demo.stop();
});

test('a back end that was killed starts again', async () => {
  const demo = await startDemo();
  const browser = await startBrowser();
  await usePage(browser, demo, { source: 'backend go' }, async (page) => {
    await page.getToken();
    const [server] = children(demo.process.pid);
    execFileSync('kill', ['-KILL', server]);
    await page.choose({ client: 'carol' });
    await page.getToken();
    assert.notDeepEqual(children(demo.process.pid), [server]);
  });
  await browser.close();
  await demo.stop();
});

test('a certificate is kept until it is damaged', async () => {
  const file = join(process.env.DEMO_BUILT, `certificate-kept-${process.pid}.json`);
  const start = async () => {
    const demo = await startDemo(['--certificate', file]);
    await demo.stop();
    return readFileSync(file, 'utf8');
  };
  const first = await start();
  assert.equal(await start(), first);
  writeFileSync(file, 'x');
  assert.notEqual(await start(), first);
  rmSync(file);
});

test('the live demo names missing variables', async () => {
  await assert.rejects(startDemo(['--live'], { TWILIO_ACCOUNT_SID: 'AC1' }), {
    message: /missing environment variables: TWILIO_APP_SID, TWILIO_API_KEY_SID and/,
  });
});

test('the live page contacts Twilio and not the stub', async () => {
  const environment = {
    TWILIO_ACCOUNT_SID: 'AC123123',
    TWILIO_APP_SID: 'AP123123',
    TWILIO_AUTH_TOKEN: 'secret',
  };
  const demo = await startDemo(['--live'], environment);
  const browser = await startBrowser();
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
  await browser.close();
  await demo.stop();
});
