/**
 * The limit: what node:http, the driver and OpenSSL can do at most on this machine when nothing else is done. It has no
 * framework, no validation, no expiry, no reuse detection: it is a yardstick and not an authorization server.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { postgresStore, sqliteStore } from './stores.mjs';
import {
  accessToken,
  isService,
  jwks,
  parseRefreshToken,
  refreshToken,
  service,
} from './tokens.mjs';

const [kind, location, logins] = process.argv.slice(2);
const store = kind === 'sqlite' ? sqliteStore(location) : await postgresStore(location);
const publicClient = 'first-party';

/** @type {Record<string, (form: URLSearchParams, authorization: any) => any>} */
const grants = { refresh_token: refresh, client_credentials: clientCredentials };

/** @param {URLSearchParams} form */
async function refresh(form) {
  const current = parseRefreshToken(form.get('refresh_token') ?? '');
  if (!current || !(await store.rotate(current.family, current.generation))) return undefined;
  return {
    access_token: accessToken(current.family, form.get('client_id') ?? ''),
    token_type: 'Bearer',
    expires_in: 300,
    refresh_token: refreshToken(current.family, current.generation + 1),
  };
}

/** @param {any} _form @param {string} authorization */
function clientCredentials(_form, authorization) {
  if (!isService(authorization)) return undefined;
  return {
    access_token: accessToken(service.id, service.id),
    token_type: 'Bearer',
    expires_in: 300,
  };
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {string} body
 */
function send(response, status, body) {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

const server = createServer((request, response) => {
  if (request.method === 'GET') return send(response, 200, jwks);
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (body += chunk));
  request.on('end', async () => {
    const form = new URLSearchParams(body);
    const answer = await grants[form.get('grant_type') ?? ''](form, request.headers.authorization);
    if (answer) send(response, 200, JSON.stringify(answer));
    else send(response, 400, '{"error":"invalid_grant"}');
  });
});

const families = Array.from({ length: Number(logins) }, () =>
  randomBytes(16).toString('base64url'),
);
await Promise.all(families.map((family) => store.add(family)));
const chains = families.map((family) => refreshToken(family, 1));
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send?.({ port, tokenPath: '/token', jwksPath: '/jwks', publicClient, service, chains });
});
