import { createHmac, generateKeyPairSync, randomBytes, sign, timingSafeEqual } from 'node:crypto';

const secret = randomBytes(32);
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const signingKey = { key: privateKey, dsaEncoding: 'ieee-p1363' };
const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' });

export const jwks = JSON.stringify({
  keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' }],
});

/** An access token with the claims of RFC 9068 §2.2, signed with a key that was parsed once. */
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
  return `${input}.${sign('sha256', input, signingKey).toString('base64url')}`;
}

export function refreshToken(family, generation) {
  return `${family}.${generation}.${mac(family, generation).toString('base64url')}`;
}

/** The family and generation of a refresh token that this process made, else `undefined`. */
export function parseRefreshToken(token) {
  const [family, generation, tag = ''] = token.split('.');
  const given = Buffer.from(tag, 'base64url');
  const wanted = mac(family, generation);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
  return { family, generation: Number(generation) };
}

function mac(family, generation) {
  return createHmac('sha256', secret).update(`${family}.${generation}`).digest();
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
