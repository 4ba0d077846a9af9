/** @typedef {import('../types.js').Credentials} Credentials */
/** The bytes of the requests, and the effect of an answer on the next request of the same connection. */

export const NEW_ORDER = {
  items: [
    { sku: 'tea', quantity: 2, unitPriceMinor: 450 },
    { sku: 'cup', quantity: 1, unitPriceMinor: 1200 },
  ],
  currency: 'EUR',
};

/**
 * Chains of rotations: the refresh token of each answer takes the place of the one that was used, behind all others,
 * so a connection takes its chains in turn.
 *
 * @param {{ port: number, tokenPath: string, publicClient: string }} options
 * @param {string[]} chains
 */
function rotation({ port, tokenPath, publicClient }, chains) {
  const prefix = `grant_type=refresh_token&client_id=${publicClient}&refresh_token=`;
  return {
    next: () => post({ port, path: tokenPath }, prefix + encodeURIComponent(chains[0])),
    /** @param {string} body */
    accept: (body) => {
      chains.shift();
      chains.push(JSON.parse(body).refresh_token);
    },
  };
}

/** @param {{ port: number, tokenPath: string, service: Credentials }} options */
function clientCredentials({ port, tokenPath, service }) {
  const basic = Buffer.from(`${service.id}:${service.secret}`).toString('base64');
  return always(
    post(
      { port, path: tokenPath, head: `${FORM}Authorization: Basic ${basic}\r\n` },
      new URLSearchParams({ grant_type: 'client_credentials', ...service.parameters }).toString(),
    ),
  );
}

/** @param {{ port: number, jwksPath: string }} options */
function keySet({ port, jwksPath }) {
  return always(get({ port, path: jwksPath }));
}

/**
 * Who has the set already asks whether it changed (RFC 9110 §13.1.2).
 *
 * @param {{ port: number, jwksPath: string, keySetTag: string }} options
 */
function keySetAgain({ port, jwksPath, keySetTag }) {
  return always(get({ port, path: jwksPath, head: `If-None-Match: ${keySetTag}\r\n` }));
}

/** @param {{ port: number, path: string }} options */
function read({ port, path }) {
  return always(get({ port, path }));
}

/** @param {{ port: number, listPath: string }} options */
function statusList({ port, listPath }) {
  return always(get({ port, path: listPath }));
}

/** @param {{ port: number, listPath: string, listTag: string }} options */
function statusListAgain({ port, listPath, listTag }) {
  return always(get({ port, path: listPath, head: `If-None-Match: ${listTag}\r\n` }));
}

/**
 * A login of its own each time, by e-mail and password.
 *
 * @param {{ port: number, loginPath: string, credentials: any }} options
 */
function login({ port, loginPath, credentials }) {
  const head = 'Content-Type: application/json\r\n';
  return always(post({ port, path: loginPath, head }, JSON.stringify(credentials)));
}

/**
 * Nothing of an answer is needed for the next request.
 *
 * @param {any} request
 */
export function always(request) {
  return { next: () => request, accept: () => {} };
}

/** @param {{ port: number, path: string, head?: string }} options */
export function get({ port, path, head = '' }) {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${head}\r\n`;
}

export const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n';

/** @param {{ port: number, path: string, head?: string }} options @param {string} body */
export function post({ port, path, head = FORM }, body) {
  return (
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${head}` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

/**
 * @param {{ port: number, tokens: string[], ids: string[] }} options
 * @param {string[]} _chains
 * @param {number} connection
 */
function readOrder({ port, tokens, ids }, _chains, connection) {
  const requests = tokens.map((token, n) =>
    get({ port, path: `/orders/${ids[n % ids.length]}`, head: bearer(token) }),
  );
  return inTurn(requests, connection);
}

/**
 * @param {{ port: number, tokens: string[] }} options
 * @param {string[]} _chains
 * @param {number} connection
 */
function placeOrder({ port, tokens }, _chains, connection) {
  const body = JSON.stringify(NEW_ORDER);
  const requests = tokens.map((token) => {
    const head = `Content-Type: application/json\r\n${bearer(token)}`;
    return post({ port, path: '/orders', head }, body);
  });
  return inTurn(requests, connection);
}

/** @param {string} token */
const bearer = (token) => `Authorization: Bearer ${token}\r\n`;

/** @param {any} requests @param {any} first */
function inTurn(requests, first) {
  let turn = first;
  return { next: () => requests[turn++ % requests.length], accept: () => {} };
}

/**
 * Calls of a guarded route. All connections share the tokens, in turn: over and over, or each token only once.
 *
 * @param {{ port: number, path?: string, tokens: string[], once: boolean, shared?: { requests: string[], turn: number } }} target
 * @returns {import('./drive.mjs').Dialogue}
 */
function guardedCall(target) {
  const { port, path = '/orders', tokens, once } = target;
  target.shared ??= {
    requests: tokens.map((token) => get({ port, path, head: bearer(token) })),
    turn: 0,
  };
  const { shared } = target;
  const next = () => {
    if (shared.turn === shared.requests.length && !once) shared.turn = 0;
    return shared.requests[shared.turn++];
  };
  return { next, accept: () => {} };
}

/** The requests that a job of the generator can name. */
export const REQUESTS = {
  rotation,
  clientCredentials,
  keySet,
  keySetAgain,
  read,
  statusList,
  statusListAgain,
  login,
  readOrder,
  placeOrder,
  guardedCall,
};
