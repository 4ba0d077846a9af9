/**
 * The limit: what node:http, the driver and OpenSSL can do at most on this machine when nothing else is done. It has no
 * framework, no validation, no expiry, no reuse detection: it is a yardstick and not an authorization server.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { postgresStore } from './postgres-store.mjs';
import { sqliteStore } from './sqlite-store.mjs';
import { accessToken, jwks, parseRefreshToken, refreshToken } from './tokens.mjs';

const [kind, location, logins] = process.argv.slice(2);
const store = kind === 'sqlite' ? sqliteStore(location) : await postgresStore(location);
const publicClient = 'first-party';
const service = { id: 'orders-service', secret: randomBytes(24).toString('base64url') };
const secretHash = sha256(service.secret);

const grants = { refresh_token: refresh, client_credentials: clientCredentials };

async function refresh(form) {
  const current = parseRefreshToken(form.get('refresh_token'));
  if (!current || !(await store.rotate(current.family, current.generation))) return undefined;
  return {
    access_token: accessToken(current.family, form.get('client_id')),
    token_type: 'Bearer',
    expires_in: 300,
    refresh_token: refreshToken(current.family, current.generation + 1),
  };
}

function clientCredentials(_form, authorization) {
  const basic = Buffer.from(authorization.slice('Basic '.length), 'base64').toString();
  const [id, secret] = basic.split(':');
  if (id !== service.id || !timingSafeEqual(sha256(secret), secretHash)) return undefined;
  return { access_token: accessToken(id, id), token_type: 'Bearer', expires_in: 300 };
}

function sha256(text) {
  return createHash('sha256').update(text).digest();
}

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
    const answer = await grants[form.get('grant_type')](form, request.headers.authorization);
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
  const { port } = server.address();
  process.send({ port, tokenPath: '/token', jwksPath: '/jwks', publicClient, service, chains });
});
