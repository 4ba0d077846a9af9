import { JwksClient } from 'jwks-rsa';
import type { Algorithm } from './algorithms.js';
import { buildWellKnownUrl, fetchJson, type FetchLimits, findUrlFault } from './bounded-fetch.js';
import type { JsonObject } from './strict-json.js';
import { describeError } from './token-error.js';
import {
  collectKeys,
  type KeySelection,
  type ParsedKeySet,
  selectKeys,
} from './verification-key.js';
import type { ResolvedIssuer, ResolvedVerifierOptions } from './verifier.options.js';

export interface FetchedKeySet extends ParsedKeySet {
  /** How long the issuer allows the set to be cached, within our bounds. */
  readonly lifetimeMs: number;
}

/** Short, because reading local keys again is cheap. */
const LOCAL_KEYS_LIFETIME_MS = 1_000;

const LIFETIME_SECONDS = { min: 10, default: 300, max: 600 };

/** Fetches keys from the configured address, or from the one in the issuer's metadata. Stores no keys. */
export class KeySetSource {
  private discoveredUri: string | undefined;

  constructor(
    private readonly issuer: ResolvedIssuer,
    private readonly options: Pick<
      ResolvedVerifierOptions,
      'keySet' | 'dangerouslyAllowInsecureHttp'
    >,
  ) {}

  /** @throws Error when the set cannot be fetched, or holds no usable key */
  async fetch(): Promise<FetchedKeySet> {
    const { keys, jwksUri, algorithms } = this.issuer;
    if (keys) {
      const parsed = await importKeySet('', () => keys().keys, algorithms);
      return { ...parsed, lifetimeMs: LOCAL_KEYS_LIFETIME_MS };
    }
    try {
      return await this.download(jwksUri ?? (this.discoveredUri ??= await this.discover()));
    } catch (error) {
      this.discoveredUri = undefined; // The issuer may have moved its key set.
      throw error;
    }
  }

  private async download(jwksUri: string): Promise<FetchedKeySet> {
    let cacheControl = '';
    const fetchKeys = async () => {
      const response = await fetchJson(jwksUri, this.options.keySet);
      cacheControl = response.cacheControl;
      return response.body['keys'];
    };
    const parsed = await importKeySet(jwksUri, fetchKeys, this.issuer.algorithms);
    return { ...parsed, lifetimeMs: readCacheLifetime(cacheControl) * 1000 };
  }

  private async discover(): Promise<string> {
    const jwksUri = await discoverJwksUri(this.issuer.issuer, this.options.keySet);
    const fault = findUrlFault(jwksUri, this.options);
    if (fault) throw new Error(`The jwks_uri of ${this.issuer.issuer} ${fault}`);
    return jwksUri;
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
  let selection: KeySelection = { jwks: [], skipped: [] };
  const fetcher = async () => {
    selection = selectKeys(await fetchKeys(), algorithms);
    return { keys: selection.jwks };
  };
  const client = new JwksClient({ jwksUri, fetcher, cache: false, rateLimit: false });
  const imported = await client.getSigningKeys().catch((error: unknown) => {
    if (selection.jwks.length === 0) throw error;
    return []; // It could import none of the selected keys, and collectKeys() names them.
  });
  return collectKeys(selection, imported);
}

/** RFC 9111 §5.2.2. */
function readCacheLifetime(cacheControl: string): number {
  const { min, default: unspecified, max } = LIFETIME_SECONDS;
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return min;
  const maxAge = /(?:^|[\s,])max-age="?(\d+)/i.exec(cacheControl)?.[1];
  return maxAge === undefined ? unspecified : Math.min(max, Math.max(min, Number(maxAge)));
}

/**
 * Fetches the metadata of an issuer (RFC 8414 §3, OpenID Connect Discovery 1.0 §4).
 *
 * @param rewriteUrl returns the address to fetch in place of the published one
 * @throws Error that lists the failure of each address
 */
export function discoverMetadata(
  issuer: string,
  limits: FetchLimits,
  rewriteUrl: (address: string) => string,
): Promise<JsonObject> {
  return tryMetadataUrls(issuer, (address) => fetchMetadata(rewriteUrl(address), issuer, limits));
}

/** @throws Error that lists the failure of each address */
function discoverJwksUri(issuer: string, limits: FetchLimits): Promise<string> {
  return tryMetadataUrls(issuer, async (address) => {
    const { jwks_uri: jwksUri } = await fetchMetadata(address, issuer, limits);
    if (typeof jwksUri !== 'string') throw new Error(`${address} names no jwks_uri`);
    return jwksUri;
  });
}

async function tryMetadataUrls<T>(
  issuer: string,
  read: (address: string) => Promise<T>,
): Promise<T> {
  const addresses = [
    buildWellKnownUrl(new URL(issuer), 'oauth-authorization-server'),
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
  ];
  const failures: unknown[] = [];
  for (const address of addresses) {
    try {
      return await read(address);
    } catch (failure) {
      failures.push(failure);
    }
  }
  const words = failures.map((failure) => describeError(failure));
  throw new AggregateError(failures, `No metadata of ${issuer}: ${words.join('; ')}`);
}

/** The issuer in the document must be the one it was requested for (RFC 8414 §3.3). */
async function fetchMetadata(
  address: string,
  issuer: string,
  limits: FetchLimits,
): Promise<JsonObject> {
  const { body } = await fetchJson(address, limits);
  if (body['issuer'] !== issuer) throw new Error(`${address} is the metadata of another issuer`);
  return body;
}
