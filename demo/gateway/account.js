// The credentials with which tokens are minted and verified.

import { randomBytes } from 'node:crypto';

const PREFIXES = { TWILIO_ACCOUNT_SID: 'AC', TWILIO_APP_SID: 'AP', TWILIO_API_KEY_SID: 'SK' };

const sid = (prefix) => prefix + randomBytes(16).toString('hex');

/**
 * An account that exists only in this process.
 *
 * @returns {Account}
 *
 * @typedef {object} Account
 * @property {string} accountSid
 * @property {string} applicationSid
 * @property {string} [authToken] without it, there are no capability tokens
 * @property {string} [apiKeySid] without it, there are no access tokens
 * @property {string} [apiKeySecret]
 */
export function inventAccount() {
  return {
    accountSid: sid('AC'),
    applicationSid: sid('AP'),
    authToken: randomBytes(16).toString('hex'),
    apiKeySid: sid('SK'),
    apiKeySecret: randomBytes(16).toString('hex'),
  };
}

/**
 * The account in the environment, with the variables of the token servers.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Account}
 */
export function readAccount(environment) {
  const get = (name) => environment[name] || undefined;
  const account = {
    accountSid: get('TWILIO_ACCOUNT_SID'),
    applicationSid: get('TWILIO_APP_SID'),
    authToken: get('TWILIO_AUTH_TOKEN'),
    apiKeySid: get('TWILIO_API_KEY_SID'),
    apiKeySecret: get('TWILIO_API_KEY_SECRET'),
  };
  const required = ['TWILIO_ACCOUNT_SID', 'TWILIO_APP_SID'];
  const hasKey = account.apiKeySid || account.apiKeySecret;
  if (hasKey) {
    required.push('TWILIO_API_KEY_SID', 'TWILIO_API_KEY_SECRET');
  }
  const missing = required.filter((name) => !get(name));
  if (!hasKey && !account.authToken) {
    missing.push('TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN');
  }
  if (missing.length > 0) {
    throw new Error(
      `missing environment variables: ${missing.join(', ')}. docs/live.md has the steps`,
    );
  }
  for (const [name, prefix] of Object.entries(PREFIXES)) {
    if (get(name) && !get(name).startsWith(prefix)) {
      throw new Error(`${name} must begin with ${prefix}`);
    }
  }
  return account;
}

/** The kinds of tokens that an account can mint. */
export function kinds(account) {
  return [
    ...(account.apiKeySid ? [{ id: 'access', name: 'Access token' }] : []),
    ...(account.authToken ? [{ id: 'capability', name: 'Capability token' }] : []),
  ];
}
