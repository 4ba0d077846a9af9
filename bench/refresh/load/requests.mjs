/** The bytes of the requests, and what one answer means for the next request of the same connection. */
export { introspection, sessionCode, signIn } from '../../server/requests.mjs';
export { placeOrder, readOrder } from '../../services/requests.mjs';

/**
 * Chains of rotations: the refresh token of each answer takes the place of the one that was used, behind all others,
 * so a connection takes its chains in turn.
 */
export function rotation({ port, tokenPath, publicClient }, chains) {
  const prefix = `grant_type=refresh_token&client_id=${publicClient}&refresh_token=`;
  return {
    next: () => post({ port, path: tokenPath }, prefix + encodeURIComponent(chains[0])),
    accept: (body) => {
      chains.shift();
      chains.push(JSON.parse(body).refresh_token);
    },
  };
}

export function clientCredentials({ port, tokenPath, service }) {
  const basic = Buffer.from(`${service.id}:${service.secret}`).toString('base64');
  return always(
    post(
      { port, path: tokenPath, head: `${FORM}Authorization: Basic ${basic}\r\n` },
      new URLSearchParams({ grant_type: 'client_credentials', ...service.parameters }).toString(),
    ),
  );
}

export function keySet({ port, jwksPath }) {
  return always(get({ port, path: jwksPath }));
}

/** Who has the set already asks whether it changed (RFC 9110 §13.1.2). */
export function keySetAgain({ port, jwksPath, keySetTag }) {
  return always(get({ port, path: jwksPath, head: `If-None-Match: ${keySetTag}\r\n` }));
}

export function statusList({ port, listPath }) {
  return always(get({ port, path: listPath }));
}

export function statusListAgain({ port, listPath, listTag }) {
  return always(get({ port, path: listPath, head: `If-None-Match: ${listTag}\r\n` }));
}

/** A login of its own each time, by e-mail and password. */
export function login({ port, loginPath, credentials }) {
  const head = 'Content-Type: application/json\r\n';
  return always(post({ port, path: loginPath, head }, JSON.stringify(credentials)));
}

/** Nothing of an answer is needed for the next request. */
export function always(request) {
  return { next: () => request, accept: () => {} };
}

export function get({ port, path, head = '' }) {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${head}\r\n`;
}

export const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n';

export function post({ port, path, head = FORM }, body) {
  return (
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${head}` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}
