// names.cjs FOLDER
//
// Evaluates expressions with twilio-node, installed in FOLDER. names.py describes the input
// and the output.

const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { resolve } = require('node:path');

const { AccessToken, ClientCapability } = createRequire(
  resolve(process.argv[2], 'package.json'),
)('twilio').jwt;

// The key and the payload of a grant in which each option has its name as value.
function described(Grant) {
  const names = Object.keys(new Grant()).filter((name) => name !== 'key');
  const made = new Grant(Object.fromEntries(names.map((name) => [name, name])));
  return [made.key, made.toPayload()];
}

const known = {
  described,
  AccessToken,
  ClientCapability,
  accountSid: 'AC123',
  authToken: 'secret',
  keySid: 'SK123',
  secret: 'secret',
  applicationSid: 'AP123',
  outgoingApplicationSid: 'AP123',
  outgoingApplicationParams: { Foo: 'Bar' },
  incomingAllow: true,
  pushCredentialSid: 'CR123',
  endpointId: 'endpoint',
  clientName: 'Alice',
  identity: 'Alice',
  region: 'ie1',
  params: { Foo: 'Bar' },
  filters: { Foo: 'Bar' },
  nbf: 1400000000,
  ttl: 600,
  grant: new AccessToken.VideoGrant(),
};
let made = {};

function evaluate(expression) {
  const code = expression.replace('...', 'accountSid, keySid, secret');
  // Names refer to `known` first, then to members of the object.
  const value = Function('made', 'known', `with (made) with (known) return (${code});`)(made, known);
  if (Object.keys(made).length === 0) {
    made = value;
  }
  // The library ignores unknown options, so that a wrong name must be found here.
  const options = /\{ (\w+(?:, \w+)*) \}/.exec(code);
  for (const name of options ? options[1].split(', ') : []) {
    const owner = value ?? made.scopes.at(-1);
    if (owner[name] !== known[name]) {
      throw new Error(`there is no option ${name}`);
    }
  }
  return value;
}

function answer(expression) {
  try {
    return { value: evaluate(expression) ?? null };
  } catch (error) {
    return { raised: String(error) };
  }
}

const expressions = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(expressions.map(answer)));
