// Reads what a token allows. The gateway and the page share this file.

const VOICE_TOKEN = 'twilio-fpa;v=1';

/**
 * Splits a token and decodes its header and payload. Verifies nothing.
 *
 * @param {string} token
 * @returns {{parts: string[], header: object, payload: object}}
 */
export function decode(token) {
  const parts = token.split('.');
  if (parts.length !== 3) {
    throw new SyntaxError(`a token has 3 parts, not ${parts.length}`);
  }
  const [header, payload] = parts.slice(0, 2).map((part) => {
    const bytes = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
    return JSON.parse(
      new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))),
    );
  });
  return { parts, header, payload };
}

/**
 * The permissions of a decoded token of either kind.
 *
 * `outgoing.params` has the pairs that the application receives with each call.
 *
 * @returns {{
 *   kind: 'capability' | 'access',
 *   account: string,
 *   key: string | undefined,
 *   name: string | undefined,
 *   incoming: boolean,
 *   outgoing: {application: string, params: [string, string][]} | undefined,
 *   events: boolean,
 * }}
 */
export function permissions({ header, payload }) {
  return header.cty === VOICE_TOKEN ? accessToken(payload) : capabilityToken(payload);
}

function accessToken({ iss, sub, grants = {} }) {
  const { identity, voice = {} } = grants;
  const { incoming, outgoing } = voice;
  return {
    kind: 'access',
    account: sub,
    key: iss,
    name: identity,
    incoming: incoming?.allow === true,
    outgoing: outgoing && {
      application: outgoing.application_sid,
      params: Object.entries(outgoing.params ?? {}),
    },
    events: false,
  };
}

// A scope is `scope:client:outgoing?appSid=AP123&appParams=client%3Dalice&clientName=alice`.
function capabilityToken({ iss, scope = '' }) {
  const found = {
    kind: 'capability',
    account: iss,
    key: undefined,
    name: undefined,
    incoming: false,
    outgoing: undefined,
    events: false,
  };
  for (const part of scope.split(' ')) {
    const [name, query = ''] = part.split('?');
    const values = new URLSearchParams(query);
    switch (name) {
      case 'scope:client:incoming':
        found.incoming = true;
        found.name = values.get('clientName') ?? undefined;
        break;
      case 'scope:client:outgoing':
        found.outgoing = {
          application: values.get('appSid'),
          params: [...new URLSearchParams(values.get('appParams') ?? '')],
        };
        found.name ??= values.get('clientName') ?? undefined;
        break;
      case 'scope:stream:subscribe':
        found.events = true;
        break;
    }
  }
  return found;
}
