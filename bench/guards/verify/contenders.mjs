import { createPublicKey, verify } from 'node:crypto';
import { RequestAuthenticator, GuardsModule } from '@gatehouse/guards';
import { NestFactory } from '@nestjs/core';
import { JwtVerifier } from 'aws-jwt-verify';
import { createVerifier } from 'fast-jwt';
import { createLocalJWKSet, createRemoteJWKSet, jwtVerify } from 'jose';
import { stock } from './stock.mjs';

/**
 * Who verifies. `open(issuers)` resolves with what is called for each request, with the value of its `Authorization`
 * header: it throws, or rejects, when the token is not good.
 */
export const CONTENDERS = [
  { name: 'raw crypto.verify (limit)', open: raw, checksClaims: false },
  { name: 'gatehouse', open: gatehouse },
  { name: 'gatehouse, cache off', open: gatehouseWithoutCache },
  { name: 'passport-jwt + jwks-rsa (stock)', open: stock },
  { name: 'jose, remote key set', open: joseRemote },
  { name: 'jose, local key set', open: joseLocal },
  { name: 'fast-jwt', open: fastJwt },
  { name: 'fast-jwt, cache on', open: fastJwtWithCache },
  { name: 'aws-jwt-verify', open: awsJwtVerify },
];

export const RAW = CONTENDERS[0].name;
export const OURS = CONTENDERS[1].name;
export const UNCACHED = CONTENDERS[2].name;
export const STOCK = CONTENDERS[3].name;

/**
 * Its synchronous way, with the key set given at the start.
 *
 * @param {any} list0
 */
export async function awsJwtVerify([{ settings, jwks }]) {
  const { issuer, audience } = settings;
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: 'https://auth.example/jwks' });
  verifier.cacheJwks(jwks);
  return (/** @type {string} */ authorization) =>
    verifier.verifySync(authorization.slice('Bearer '.length));
}

/**
 * It fetches no keys. Given at the start, they cost it nothing.
 *
 * @param {any} list0
 * @param {any} [cache]
 */
export async function fastJwt([{ settings, publicKey }], cache = 0) {
  const verify = createVerifier({
    key: publicKey.export({ type: 'spki', format: 'pem' }),
    algorithms: [settings.algorithm],
    allowedIss: settings.issuer,
    allowedAud: settings.audience,
    cache: cache || false,
  });
  return (/** @type {string} */ authorization) => verify(authorization.slice('Bearer '.length));
}

/**
 * With room for as many tokens as Gatehouse has by default.
 *
 * @param {any[]} issuers
 */
export function fastJwtWithCache(issuers) {
  return fastJwt(issuers, 10_000);
}

/**
 * The authenticator that the guard asks, out of the real module, with keys that it fetches itself.
 *
 * @param {any[]} issuers
 * @param {any} [tokenCache]
 */
export async function gatehouse(issuers, tokenCache = {}) {
  const trusted = issuers.map(({ settings: { issuer, algorithm, jwksUri } }) => {
    return { issuer, algorithms: [algorithm], jwksUri };
  });
  const { audience } = issuers[0];
  const options = /** @type {any} */ ({ audience, issuers: trusted, tokenCache });
  const module = GuardsModule.forRoot(options);
  const context = await NestFactory.createApplicationContext(module, { logger: false });
  const authenticator = context.get(RequestAuthenticator);
  return (/** @type {string} */ authorization) =>
    authenticator.verify(
      /** @type {any} */ ({
        headers: { host: 'api.example', authorization },
        rawHeaders: ['Host', 'api.example', 'Authorization', authorization],
        url: '/orders',
      }),
    );
}

/** @param {any[]} issuers */
export function gatehouseWithoutCache(issuers) {
  return gatehouse(issuers, { maxTokens: 0 });
}

/** @param {any} list0 */
export async function joseRemote([{ settings }]) {
  return joseWith(createRemoteJWKSet(new URL(settings.jwksUri)), settings);
}

/** @param {any} list0 */
export async function joseLocal([{ settings, jwks }]) {
  return joseWith(createLocalJWKSet(jwks), settings);
}

/** @param {any} keys @param {{ issuer: any, audience: string, algorithm: any }} options */
function joseWith(keys, { issuer, audience, algorithm }) {
  const options = { issuer, audience, algorithms: [algorithm], typ: 'at+jwt' };
  return (/** @type {string} */ authorization) =>
    jwtVerify(authorization.slice('Bearer '.length), keys, options);
}

/**
 * The limit: nothing but the signature, with keys that are ready and tokens that were taken apart before.
 *
 * @param {any[]} issuers
 */
export async function raw(issuers) {
  const keys = new Map(issuers.flatMap(({ jwks }) => jwks.keys).map(keyWithId));
  /** @param {string} _authorization @param {{ kid: string, signingInput: Buffer, signature: Buffer }} token */
  return (_authorization, { kid, signingInput, signature }) => {
    if (!verify('sha256', signingInput, keys.get(kid), signature)) throw new Error('bad signature');
  };
}

/** @param {any} jwk @returns {[kid: string, key: any]} */
function keyWithId(jwk) {
  return [
    jwk.kid,
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
  ];
}
