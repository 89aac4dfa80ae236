// Requests to the demo's server.

/** Returns the choices, and Twilio's error codes. */
export async function fetchSettings() {
  const response = await fetch('settings.json');
  return response.json();
}

/**
 * The path of a token. It chooses a server whose environment has the kind and the
 * lifetime: a request cannot.
 *
 * @param {{source: string, kind: string, lifetime: string}} choice
 */
export function tokenPath({ source, kind, lifetime }) {
  const [type, id] = source.split(' ');
  return type === 'mistake'
    ? `mistakes/${id}/${kind}/token`
    : `backends/${id}/${kind}/${lifetime}/token`;
}

/**
 * Asks a token server, as the page of any application would.
 *
 * @returns {Promise<{identity: string, token: string, expires_at: number}>}
 * @throws {Error} with the server's message
 */
export async function fetchToken(path, client) {
  const response = await fetch(`${path}?${new URLSearchParams({ client })}`);
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(answer.error);
  }
  return answer;
}
