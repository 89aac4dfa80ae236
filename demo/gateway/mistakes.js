// Mints the tokens that a back end must not mint, with npm's jsonwebtoken. They show what Twilio
// says about each mistake.

import jsonwebtoken from 'jsonwebtoken';

const HOUR = 3600;

/** Each makes a mistake in the parts of a valid token. */
const MISTAKES = {
  expired: {
    name: 'Expired an hour ago',
    spoil: (parts) => ({ ...parts, expires: parts.expires - 2 * HOUR }),
  },
  tampered: {
    name: 'Changed after it was signed',
    spoil: (parts) => ({ ...parts, isTampered: true }),
  },
  secret: {
    name: 'Signed with a wrong secret',
    spoil: (parts) => ({ ...parts, secret: `${parts.secret}x` }),
  },
  long: {
    name: 'Valid for two days',
    spoil: (parts) => ({ ...parts, expires: parts.expires + 47 * HOUR }),
  },
  account: {
    name: 'For another account',
    spoil: (parts) => ({ ...parts, account: `AC${'0'.repeat(32)}` }),
  },
  name: {
    name: 'For a client name with a space',
    spoil: (parts) => ({ ...parts, name: `${parts.name} Smith` }),
  },
  application: {
    name: 'For an application that does not exist',
    spoil: (parts) => ({ ...parts, application: `AP${'0'.repeat(32)}` }),
  },
  outgoing: {
    name: 'Without permission for outgoing calls',
    spoil: (parts) => ({ ...parts, application: undefined }),
  },
};

/** The mistakes, for the page. */
export const mistakes = Object.entries(MISTAKES).map(([id, { name }]) => ({ id, name }));

/**
 * Mints a token with a mistake.
 *
 * @param {string} mistake an `id` of `mistakes`
 * @param {'access' | 'capability'} kind
 * @param {string} name the client name
 * @param {import('./account.js').Account} account
 * @returns the answer of a token server
 */
export function mintMistake(mistake, kind, name, account) {
  const parts = MISTAKES[mistake].spoil({
    name,
    account: account.accountSid,
    application: account.applicationSid,
    secret: kind === 'access' ? account.apiKeySecret : account.authToken,
    expires: Math.floor(Date.now() / 1000) + HOUR,
    isTampered: false,
  });
  const token = kind === 'access' ? accessToken(parts, account.apiKeySid) : capabilityToken(parts);
  return {
    identity: name,
    token: parts.isTampered ? tamper(token) : token,
    expires_at: parts.expires,
  };
}

function accessToken({ name, account, application, secret, expires }, key) {
  const voice = { incoming: { allow: true } };
  if (application) {
    voice.outgoing = { application_sid: application, params: { client: name } };
  }
  const claims = {
    jti: `${key}-${expires}`,
    iss: key,
    sub: account,
    exp: expires,
    grants: { identity: name, voice },
  };
  return sign(claims, secret, { cty: 'twilio-fpa;v=1' });
}

function capabilityToken({ name, account, application, secret, expires }) {
  const query = (pairs) =>
    pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&');
  const scopes = [`scope:client:incoming?${query([['clientName', name]])}`];
  if (application) {
    const outgoing = [
      ['appSid', application],
      ['appParams', query([['client', name]])],
      ['clientName', name],
    ];
    scopes.push(`scope:client:outgoing?${query(outgoing)}`);
  }
  return sign({ scope: scopes.join(' '), iss: account, exp: expires }, secret, {});
}

function sign(claims, secret, header) {
  return jsonwebtoken.sign(claims, secret, { algorithm: 'HS256', noTimestamp: true, header });
}

// An hour is added to the time of expiry; the signature stays.
function tamper(token) {
  const [header, payload, signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  const changed = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + HOUR }));
  return [header, changed.toString('base64url'), signature].join('.');
}
