/**
 * The limit: what node:http, the driver and OpenSSL can do at most on this machine when nothing else is done. It has no
 * framework, no validation, no expiry, no reuse detection: it is a yardstick and not an authorization server.
 */
import {
  createHash,
  createHmac,
  generateKeyPairSync,
  randomBytes,
  sign,
  timingSafeEqual,
} from 'node:crypto';
import { createServer } from 'node:http';
import { postgresStore, sqliteStore } from './stores.mjs';

const secret = randomBytes(32);
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signingKey = { key: privateKey, dsaEncoding: /** @type {const} */ ('ieee-p1363') };
const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' });

export const jwks = JSON.stringify({
  keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' }],
});

/**
 * An access token with the claims of RFC 9068 §2.2, signed with a key that was parsed once.
 *
 * @param {string} sub
 * @param {string} clientId
 */
export function accessToken(sub, clientId) {
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'http://localhost:3000',
    aud: 'http://localhost:3001',
    sub,
    client_id: clientId,
    iat,
    exp: iat + 300,
    jti: randomBytes(16).toString('base64url'),
    scope: 'orders:read orders:write',
  };
  const input = `${header}.${encode(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), signingKey).toString('base64url')}`;
}

/** @param {string} family @param {number} generation */
export function refreshToken(family, generation) {
  return `${family}.${generation}.${mac(family, generation).toString('base64url')}`;
}

/**
 * The family and generation of a refresh token that this process made, else `undefined`.
 *
 * @param {string} token
 */
export function parseRefreshToken(token) {
  const [family, generation, tag = ''] = token.split('.');
  const given = Buffer.from(tag, 'base64url');
  const wanted = mac(family, generation);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
  return { family, generation: Number(generation) };
}

/** @param {string} family @param {number | string} generation */
function mac(family, generation) {
  return createHmac('sha256', secret).update(`${family}.${generation}`).digest();
}

/** @param {object} value */
function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

const [kind, location, logins] = process.argv.slice(2);
const store = kind === 'sqlite' ? sqliteStore(location) : await postgresStore(location);
const publicClient = 'first-party';
const service = { id: 'orders-service', secret: randomBytes(24).toString('base64url') };
const secretHash = sha256(service.secret);

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
  const basic = Buffer.from(authorization.slice('Basic '.length), 'base64').toString();
  const [id, secret] = basic.split(':');
  if (id !== service.id || !timingSafeEqual(sha256(secret), secretHash)) return undefined;
  return { access_token: accessToken(id, id), token_type: 'Bearer', expires_in: 300 };
}

/** @param {string} text */
function sha256(text) {
  return createHash('sha256').update(text).digest();
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
