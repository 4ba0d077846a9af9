import { createPublicKey } from 'node:crypto';
import { JwksClient, type SigningKey } from 'jwks-rsa';
import type { Algorithm } from './algorithms.js';
import { buildWellKnownUrl, fetchJson, type FetchLimits, findUrlFault } from './bounded-fetch.js';
import { describeError } from './token-error.js';
import {
  describeUnusableSet,
  isSound,
  type ParsedKeySet,
  type SelectedJwk,
  selectKeys,
  type SkippedKey,
  VerificationKey,
} from './verification-key.js';
import type { ResolvedIssuer, ResolvedVerifierOptions } from './verifier.options.js';

export interface FetchedKeySet extends ParsedKeySet {
  /** How long the issuer allows the set to be cached, within our bounds. */
  readonly lifetimeMs: number;
}

export type FetchOptions = Pick<ResolvedVerifierOptions, 'keySet' | 'dangerouslyAllowInsecureHttp'>;

/** Short, because reading local keys again is cheap. */
const LOCAL_KEYS_LIFETIME_MS = 1_000;

const LIFETIME_SECONDS = { min: 10, default: 300, max: 600 };

/** Returns a function that fetches keys from the configured address, or from the one in the issuer's metadata. */
export function createKeySource(rules: ResolvedIssuer, options: FetchOptions) {
  const { issuer, keys, jwksUri, algorithms } = rules;
  let address = jwksUri;
  return async (): Promise<FetchedKeySet> => {
    if (keys) {
      const parsed = await importKeySet('', () => keys().keys, algorithms);
      return { ...parsed, lifetimeMs: LOCAL_KEYS_LIFETIME_MS };
    }
    try {
      return await download((address ??= await discoverUrl(issuer, 'jwks_uri', options)));
    } catch (error) {
      address = jwksUri; // The issuer may have moved its key set.
      throw error;
    }
  };

  async function download(url: string): Promise<FetchedKeySet> {
    let cacheControl = '';
    const fetchKeys = async () => {
      const response = await fetchJson(url, options.keySet);
      cacheControl = response.cacheControl;
      return response.body['keys'];
    };
    const parsed = await importKeySet(url, fetchKeys, algorithms);
    return { ...parsed, lifetimeMs: readCacheLifetime(cacheControl) * 1000 };
  }
}

/**
 * jwks-rsa requests the set, by our bounded fetch, and imports its keys. Its cache works per key, and its rate limit
 * would delay new keys, so both are off. It takes encryption keys and guesses a missing `alg`, so the keys are selected
 * before (docs/decisions/0029-core-and-parts.md).
 *
 * @throws Error when the set cannot be fetched, or holds no usable key
 */
export async function importKeySet(
  jwksUri: string,
  fetchKeys: () => unknown,
  algorithms: readonly Algorithm[],
): Promise<ParsedKeySet> {
  const skipped: SkippedKey[] = [];
  let selected: SelectedJwk[] = [];
  const fetcher = async () => {
    selected = selectKeys(await fetchKeys(), algorithms, skipped);
    return { keys: selected };
  };
  const client = new JwksClient({ jwksUri, fetcher, cache: false, rateLimit: false });
  const imported = await client.getSigningKeys().catch((error: unknown): SigningKey[] => {
    if (selected.length === 0) throw error;
    return []; // It could import none of the selected keys.
  });
  const keys = new Map<string, VerificationKey>();
  for (const { kid, alg } of selected) {
    const pem = imported.find((key) => key.kid === kid)?.getPublicKey();
    const publicKey = pem === undefined ? undefined : createPublicKey(pem);
    if (publicKey && isSound(publicKey)) keys.set(kid, new VerificationKey(publicKey, alg));
    else skipped.unshift({ kid, reason: 'is not a sound public key' });
  }
  if (keys.size === 0) throw describeUnusableSet(skipped);
  return { keys, skipped };
}

/** RFC 9111 §5.2.2. */
function readCacheLifetime(cacheControl: string): number {
  const { min, default: unspecified, max } = LIFETIME_SECONDS;
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return min;
  const maxAge = /(?:^|[\s,])max-age="?(\d+)/i.exec(cacheControl)?.[1];
  return maxAge === undefined ? unspecified : Math.min(max, Math.max(min, Number(maxAge)));
}

/**
 * Fetches the metadata of an issuer (RFC 8414 §3, OpenID Connect Discovery 1.0 §4). The issuer in the document must be
 * the one it was requested for (RFC 8414 §3.3).
 *
 * @param needs a member that the metadata must have
 * @throws Error that lists the failure of each address
 */
export async function discoverMetadata(issuer: string, limits: FetchLimits, needs?: string) {
  const addresses = [
    buildWellKnownUrl(new URL(issuer), 'oauth-authorization-server'),
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
  ];
  const failures: unknown[] = [];
  for (const address of addresses) {
    try {
      const { body } = await fetchJson(address, limits);
      if (body['issuer'] !== issuer)
        throw new Error(`${address} is the metadata of another issuer`);
      if (needs && typeof body[needs] !== 'string') throw new Error(`${address} names no ${needs}`);
      return body;
    } catch (failure) {
      failures.push(failure);
    }
  }
  const words = failures.map((failure) => describeError(failure));
  throw new AggregateError(failures, `No metadata of ${issuer}: ${words.join('; ')}`);
}

/** @throws Error when the metadata of the issuer names no usable address */
export async function discoverUrl(issuer: string, member: string, options: FetchOptions) {
  const url = String((await discoverMetadata(issuer, options.keySet, member))[member]);
  const fault = findUrlFault(url, options);
  if (fault) throw new Error(`The ${member} of ${issuer} ${fault}`);
  return url;
}
