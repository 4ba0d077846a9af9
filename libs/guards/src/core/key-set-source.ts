import { JwksClient } from 'jwks-rsa';
import type { ResolvedGuardsOptions } from '../nest/guards.options.js';
import type { ResolvedIssuer } from './issuer.options.js';
import { discoverJwksUri } from './discovery.js';
import { fetchJson } from './bounded-fetch.js';
import { findUrlFault } from './urls.js';
import { parseKeySet, type VerificationKey } from './verification-key.js';

export interface FetchedKeySet {
  readonly keys: ReadonlyMap<string, VerificationKey>;
  /** How long the issuer says it may be kept, within our bounds. */
  readonly lifetimeMs: number;
}

/** Keys at hand cost next to nothing to look at again. */
const LOCAL_KEYS_LIFETIME_MS = 1_000;

const LIFETIME_SECONDS = { least: 10, usual: 300, most: 600 };

/** Where keys come from: the configured address, or the one in the issuer's metadata. Keeps no keys. */
export class KeySetSource {
  private discoveredUri: string | undefined;

  constructor(
    private readonly issuer: ResolvedIssuer,
    private readonly options: ResolvedGuardsOptions,
  ) {}

  /** @throws Error when the set cannot be had, or holds nothing that we may use */
  async fetch(): Promise<FetchedKeySet> {
    if (this.issuer.keys) return this.readLocalKeys(this.issuer.keys);
    const jwksUri = this.issuer.jwksUri ?? (this.discoveredUri ??= await this.discover());
    try {
      return await this.download(jwksUri);
    } catch (error) {
      this.discoveredUri = undefined; // It may have moved.
      throw error;
    }
  }

  private readLocalKeys(keys: NonNullable<ResolvedIssuer['keys']>): FetchedKeySet {
    return {
      keys: parseKeySet(keys().keys, this.issuer.algorithms),
      lifetimeMs: LOCAL_KEYS_LIFETIME_MS,
    };
  }

  /** jwks-rsa fetches and nothing else: its cache is per key, and its limiter would stand between us and new keys. */
  private async download(jwksUri: string): Promise<FetchedKeySet> {
    let cacheControl = '';
    const fetcher = async (uri: string) => {
      const answer = await fetchJson(uri, this.options.keySet);
      cacheControl = answer.cacheControl;
      return { keys: answer.body['keys'] };
    };
    const client = new JwksClient({ jwksUri, fetcher, cache: false, rateLimit: false });
    const keys = parseKeySet(await client.getKeys(), this.issuer.algorithms);
    return { keys, lifetimeMs: readCacheLifetime(cacheControl) * 1000 };
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
  const { least, usual, most } = LIFETIME_SECONDS;
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return least;
  const maxAge = /(?:^|[\s,])max-age="?(\d+)/i.exec(cacheControl)?.[1];
  return maxAge === undefined ? usual : Math.min(most, Math.max(least, Number(maxAge)));
}
