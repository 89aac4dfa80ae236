// Twilio's two SDKs for browsers, with one interface.

import { sounds } from './sounds.js';

const loaded = new Map();

/** Loads an SDK's script once. Both define `window.Twilio`, and neither replaces the other's. */
function load(id) {
  if (!loaded.has(id)) {
    const promise = new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = `sdk/${id}.js`;
      script.addEventListener('load', () => {
        resolve(window.Twilio);
        delete window.Twilio;
      });
      script.addEventListener('error', () => reject(new Error(`cannot load ${script.src}`)));
      document.head.append(script);
    });
    loaded.set(id, promise);
  }
  return loaded.get(id);
}

/** How the two SDKs differ. A call has the same methods and events in both. */
const adapters = {
  'voice-sdk': {
    // Without it, a wrong signature is 53000.
    options: { enableImprovedSignalingErrorPrecision: true },
    registered: 'registered',
    unregistered: 'unregistered',
    register: (device) => device.register(),
    connect: (device, params) => device.connect({ params }),
    /** Errors of a call arrive there, and not at the device. */
    hasCallErrors: true,
  },
  'twilio-client': {
    options: { enableRingingState: true },
    registered: 'ready',
    unregistered: 'offline',
    register: () => {}, // a new device registers itself
    connect: (device, params) => device.connect(params),
    hasCallErrors: false,
  },
};

/**
 * Creates a device and registers it.
 *
 * @param {string} id of the SDK
 * @param {string} token
 * @param {string | undefined} gateway host and path of the stub; without it, the SDK uses Twilio
 * @param {object} on handlers: registered(), unregistered(), incoming(call), error(code, message)
 * @returns {Promise<{name, connect, updateToken, destroy}>}
 */
export async function register(id, token, gateway, on) {
  const { Device } = await load(id);
  const adapter = adapters[id];
  const device = new Device(token, {
    sounds: sounds(),
    logLevel: 'silent',
    ...adapter.options,
    // Without them, the SDKs connect to Twilio and send statistics.
    ...(gateway ? { chunderw: gateway, publishEvents: false } : {}),
  });
  // The gateway's own words, if the SDK passes them on.
  const fail = ({ code, message, originalError }) =>
    on.error(code, originalError?.message ?? message);
  const watch = (call) => adapter.hasCallErrors && call.on('error', fail);
  device.on(adapter.registered, on.registered);
  device.on(adapter.unregistered, on.unregistered);
  device.on('incoming', (call) => {
    watch(call);
    on.incoming(call);
  });
  device.on('error', fail);
  // Its failure is also an event.
  Promise.resolve(adapter.register(device)).catch(() => {});
  return {
    name: `${Device.packageName} ${Device.version}`,
    async connect(params) {
      const call = await adapter.connect(device, params);
      watch(call);
      return call;
    },
    updateToken: (next) => device.updateToken(next),
    destroy: () => device.destroy(),
  };
}
