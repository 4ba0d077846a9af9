/** The tokens of the servers that a measurement is compared with: keys and secrets that were prepared once. */
import {
  createHash,
  createHmac,
  generateKeyPairSync,
  randomBytes,
  sign,
  timingSafeEqual,
} from 'node:crypto';

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

/** A confidential client. */
export const service = { id: 'orders-service', secret: randomBytes(24).toString('base64url') };
const secretHash = sha256(service.secret);

/** Whether HTTP Basic has the secret of the confidential client. @param {string} authorization */
export function isService(authorization) {
  const basic = Buffer.from(authorization.slice('Basic '.length), 'base64').toString();
  const [id, secret] = basic.split(':');
  return id === service.id && timingSafeEqual(sha256(secret), secretHash);
}

/** @param {string} text */
function sha256(text) {
  return createHash('sha256').update(text).digest();
}
