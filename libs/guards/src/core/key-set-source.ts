import { JwksClient } from 'jwks-rsa';
import { fetchJson, type FetchLimits } from './bounded-fetch.js';
import type { ResolvedIssuer } from './verifier.options.js';
import type { JsonObject } from './strict-json.js';
import { describeError } from './token-error.js';
import { buildWellKnownUrl, findUrlFault } from './bounded-fetch.js';
import { type ParsedKeySet, parseKeySet } from './verification-key.js';
import type { ResolvedVerifierOptions } from './verifier.options.js';

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
    if (this.issuer.keys) return this.readLocalKeys(this.issuer.keys);
    const jwksUri = this.issuer.jwksUri ?? (this.discoveredUri ??= await this.discover());
    try {
      return await this.download(jwksUri);
    } catch (error) {
      this.discoveredUri = undefined; // The issuer may have moved its key set.
      throw error;
    }
  }

  private readLocalKeys(keys: NonNullable<ResolvedIssuer['keys']>): FetchedKeySet {
    const parsed = parseKeySet(keys().keys, this.issuer.algorithms);
    return { ...parsed, lifetimeMs: LOCAL_KEYS_LIFETIME_MS };
  }

  /**
   * jwks-rsa only parses the response. Its cache works per key, and its rate limit would delay new keys, so both are
   * off.
   */
  private async download(jwksUri: string): Promise<FetchedKeySet> {
    let cacheControl = '';
    const fetcher = async (uri: string) => {
      const response = await fetchJson(uri, this.options.keySet);
      cacheControl = response.cacheControl;
      return { keys: response.body['keys'] };
    };
    const client = new JwksClient({ jwksUri, fetcher, cache: false, rateLimit: false });
    const parsed = parseKeySet(await client.getKeys(), this.issuer.algorithms);
    return { ...parsed, lifetimeMs: readCacheLifetime(cacheControl) * 1000 };
  }

  private async discover(): Promise<string> {
    const jwksUri = await discoverJwksUri(this.issuer.issuer, this.options.keySet);
    const fault = findUrlFault(jwksUri, this.options);
    if (fault) throw new Error(`The jwks_uri of ${this.issuer.issuer} ${fault}`);
    return jwksUri;
  }
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
