// Starts the demo and a browser, and drives the page as a person would.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { chromium } from 'playwright-core';

const DEMO = join(import.meta.dirname, '..');
const BUILT = process.env.DEMO_BUILT;
const LIBRARY = process.env.DEMO_LIBRARY;

// Every wait ends with an event, also on a busy machine.
const PATIENCE = 20_000;

/** The folder of the screenshots. */
export const PICTURES = BUILT;

/**
 * Starts the demo on a free port.
 *
 * @returns {Promise<{address: string, process, output: string[], stop}>}
 */
export async function startDemo(options = [], environment = {}) {
  const child = spawn(
    process.execPath,
    [
      join(DEMO, 'start.js'),
      ...['--built', BUILT, '--library', LIBRARY],
      ...['--certificate', join(BUILT, `certificate-${process.pid}.json`), '--port', '0'],
      ...options,
    ],
    { env: { PATH: process.env.PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const exit = new Promise((resolve) => child.once('close', resolve));
  const output = [];
  const address = await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        output.push(line);
        const found = /^Open (https:.*)$/.exec(line);
        if (found) {
          resolve(found[1]);
        }
      });
    }
    exit.then(() => reject(new Error(output.join('\n'))));
  });
  async function stop(signal = 'SIGINT') {
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    const status = await exit;
    clearTimeout(timer);
    return status;
  }
  return { address, process: child, output, stop };
}

/** Starts Chromium with a microphone that plays beeps. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      // Calls work without a network.
      '--allow-loopback-in-peer-connection',
      ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
    ],
  });
}

/**
 * Opens the page, chooses settings, and closes it again. If something fails, the error has the page's
 * events, and a picture is kept.
 */
export async function usePage(browser, demo, settings, use, options) {
  const page = await DemoPage.open(browser, demo, options);
  try {
    await page.choose(settings);
    await use(page);
  } catch (error) {
    await page.picture('failed');
    error.message += `\nThe events:\n${(await page.events()).join('\n')}`;
    throw error;
  } finally {
    await page.close();
  }
}

/** The page in a new browser context. */
export class DemoPage {
  /** Errors of the page, and requests that leave the machine. */
  faults = [];
  /** The open connections of SDKs. */
  connections = new Set();
  /** The tokens that the SDKs have sent. */
  tokens = [];

  static async open(browser, demo, options = {}) {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    context.setDefaultTimeout(PATIENCE);
    await context.addInitScript(keepConnections);
    const page = await context.newPage();
    const opened = new DemoPage(page, demo);
    page.on('pageerror', (error) => opened.faults.push(error.stack));
    page.on('requestfailed', (request) => opened.faults.push(`failed: ${request.url()}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(demo.address) && !request.url().startsWith('blob:')) {
        opened.faults.push(`left the machine: ${request.url()}`);
      }
    });
    page.on('websocket', (socket) => {
      if (socket.url().endsWith('/signal')) {
        opened.connections.add(socket);
        socket.on('framesent', ({ payload }) => {
          const frame = payload.trim() && JSON.parse(payload);
          if (frame.type === 'listen') {
            opened.tokens.push(frame.payload.token);
          }
        });
        socket.on('close', () => opened.connections.delete(socket));
      }
      if (new URL(socket.url()).host !== new URL(demo.address).host) {
        opened.faults.push(`left the machine: ${socket.url()}`);
      }
    });
    await page.goto(demo.address);
    return opened;
  }

  constructor(page, demo) {
    this.page = page;
    this.demo = demo;
    this.first = new PhonePanel(page.locator('#first-phone'));
    this.second = new PhonePanel(page.locator('#second-phone'));
  }

  /** Chooses settings: `source`, `kind`, `lifetime`, `sdk`, `client`. */
  async choose({ client, ...lists }) {
    for (const [name, value] of Object.entries(lists)) {
      await this.page.locator(`#${name}`).selectOption(value);
    }
    if (client !== undefined) {
      await this.page.locator('#client').fill(client);
    }
  }

  async getToken() {
    await this.page.getByRole('button', { name: 'Get token' }).click();
    await this.page.locator('#token').waitFor();
  }

  /** The events so far, each on a line, without the time. */
  async events() {
    const entries = await this.page.locator('#events li').allInnerTexts();
    return entries.map((entry) => entry.replace(/^\S+( [AP]M)? /, ''));
  }

  /** The parameters in the first event that begins with these words. */
  async details(beginning) {
    const event = this.page.locator('#events li').filter({ hasText: beginning }).first();
    await event.waitFor();
    return event.locator('code').allTextContents();
  }

  /** Waits for an event. */
  async event(text) {
    await this.page.locator('#events li').filter({ hasText: text }).first().waitFor();
  }

  /** Waits until each SDK hears the other's microphone, or the tone of a number. */
  async hearsAudio() {
    await this.page.waitForFunction(async () => {
      const open = window.connections.filter(({ connectionState }) => connectionState !== 'closed');
      const received = await Promise.all(
        open.map(async (connection) => {
          const stats = [...(await connection.getStats()).values()];
          return stats.some(
            ({ type, totalAudioEnergy }) => type === 'inbound-rtp' && totalAudioEnergy > 1e-6,
          );
        }),
      );
      return received.length > 0 && received.every(Boolean);
    });
  }

  /** Writes a picture of the whole page. */
  async picture(name) {
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  }

  /** Closes the page. Throws what went wrong on it. */
  async close() {
    await this.page.context().close();
    if (this.faults.length > 0) {
      throw new Error(this.faults.join('\n'));
    }
  }
}

/** Runs in the page. */
function keepConnections() {
  window.connections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args);
      // The media side of the demo passes no configuration.
      if (args.length > 0) {
        window.connections.push(this);
      }
    }
  };
}

/** A phone on the page. */
export class PhonePanel {
  constructor(root) {
    this.root = root;
    this.state = root.locator('.state');
    this.problem = root.locator('.problem');
  }

  button(name) {
    return this.root.getByRole('button', { name, exact: true });
  }

  async press(name) {
    await this.button(name).click();
  }

  /** Waits for a state, such as `registered as alice`. */
  async is(state) {
    await this.root.locator('.state', { hasText: new RegExp(`^${state}$`) }).waitFor();
  }

  async register(name) {
    await this.press('Register');
    await this.is(`registered as ${name}`);
  }

  async dial(to) {
    await this.root.getByLabel('Number or client name to call').fill(to);
    await this.press('Call');
  }

  /** The parameters that an incoming call has. */
  received() {
    return this.root.locator('dl').evaluate((list) => {
      const texts = (name) => [...list.querySelectorAll(name)].map((one) => one.textContent);
      const values = texts('dd');
      return texts('dt').map((key, index) => [key, values[index]]);
    });
  }

  /** Waits for an error. Returns its code and its text. */
  async refusal() {
    await this.problem.waitFor();
    const text = await this.problem.innerText();
    return { code: Number(/Error (\d+)/.exec(text)?.[1]), text };
  }
}
