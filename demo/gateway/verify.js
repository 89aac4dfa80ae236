// Decides about a token as Twilio's documentation says. npm's jsonwebtoken, which shares no code
// with captoken, checks the signature and the times.

import jsonwebtoken from 'jsonwebtoken';

import { decode, permissions } from '../page/permissions.js';

const DAY = 86400;
// The rule that all of Twilio's products accept.
const CLIENT_NAME = /^\w{1,256}$/;

/** An error that the SDK in the browser receives. */
export class Refusal extends Error {
  /**
   * @param {number} code one of https://www.twilio.com/docs/api/errors
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * Verifies a token of either kind.
 *
 * @param {string} token
 * @param {import('./account.js').Account} account
 * @returns what permissions() returns, and `expires` in seconds since 1970
 * @throws {Refusal}
 */
export function verify(token, account) {
  const { header, payload, allowed } = read(token);
  if (allowed.kind === 'capability' && payload.grants && !payload.scope) {
    throw new Refusal(31204, `an access token needs the header cty, which is ${header.cty}`);
  }
  // The account and the key lead to the secret.
  if (allowed.account !== account.accountSid) {
    throw new Refusal(31203, `there is no account ${allowed.account}`);
  }
  if (allowed.kind === 'access' && allowed.key !== account.apiKeySid) {
    throw new Refusal(31201, `the account has no API key ${allowed.key}`);
  }
  const secret = allowed.kind === 'access' ? account.apiKeySecret : account.authToken;
  checkSignatureAndTimes(token, secret);
  if (!Number.isInteger(payload.exp)) {
    throw new Refusal(31204, 'the token has no exp that is a whole number');
  }
  if (payload.exp > Date.now() / 1000 + DAY) {
    throw new Refusal(31207, 'the token is valid for longer than a day');
  }
  if (allowed.kind === 'capability' && typeof payload.scope !== 'string') {
    throw new Refusal(31204, 'the token has no scope');
  }
  if (allowed.name === undefined && (allowed.kind === 'access' || allowed.incoming)) {
    throw new Refusal(31204, 'the token has no client name');
  }
  if (allowed.name !== undefined && !isClientName(allowed.name)) {
    throw new Refusal(31105, `the client name ${JSON.stringify(allowed.name)} is not valid`);
  }
  return { ...allowed, expires: payload.exp };
}

function isClientName(name) {
  return typeof name === 'string' && CLIENT_NAME.test(name);
}

function read(token) {
  try {
    const decoded = decode(token);
    return { ...decoded, allowed: permissions(decoded) };
  } catch (error) {
    throw new Refusal(31204, `the token cannot be read: ${error.message}`);
  }
}

function checkSignatureAndTimes(token, secret) {
  try {
    jsonwebtoken.verify(token, secret, { algorithms: ['HS256'] });
  } catch (error) {
    if (error instanceof jsonwebtoken.TokenExpiredError) {
      throw new Refusal(31205, 'the token has expired');
    }
    if (error instanceof jsonwebtoken.NotBeforeError) {
      throw new Refusal(31204, 'the token is not valid yet');
    }
    if (error.message === 'invalid signature') {
      throw new Refusal(31202, 'the signature is wrong');
    }
    throw new Refusal(31204, `the token is not valid: ${error.message}`);
  }
}
