import { Inject, Injectable } from '@nestjs/common';
import { JwksClient } from 'jwks-rsa';
import { fetchJson } from './fetch-json.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { insecureUrlFault } from './secure-url.js';
import { parseKeySet, type VerificationKey } from './verification-key.js';
import { wellKnownUrl } from './well-known.js';

export interface FetchedKeySet {
  readonly keys: ReadonlyMap<string, VerificationKey>;
  /** How long the issuer says it may be kept, within our bounds. */
  readonly lifetimeMs: number;
}

const LIFETIME_SECONDS = { least: 10, usual: 300, most: 600 };

/** Where keys come from: the configured address, or the one in the issuer's metadata. Keeps no keys. */
@Injectable()
export class KeySetSource {
  private discovered: string | undefined;

  constructor(@Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions) {}

  /** @throws Error when the set cannot be had, or holds nothing that we may use */
  async fetch(): Promise<FetchedKeySet> {
    const jwksUri = this.options.jwksUri ?? (this.discovered ??= await this.discover());
    try {
      return await this.download(jwksUri);
    } catch (error) {
      this.discovered = undefined; // It may have moved.
      throw error;
    }
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
    const keys = parseKeySet(await client.getKeys(), this.options.algorithms);
    return { keys, lifetimeMs: lifetimeSeconds(cacheControl) * 1000 };
  }

  /** RFC 8414 §3. The issuer in the document must be the one we asked (§3.3). */
  private async discover(): Promise<string> {
    const { issuer, keySet } = this.options;
    const url = wellKnownUrl(new URL(issuer), 'oauth-authorization-server');
    const { body } = await fetchJson(url, keySet);
    if (body['issuer'] !== issuer) throw new Error(`${url} is the metadata of another issuer`);
    const jwksUri = body['jwks_uri'];
    if (typeof jwksUri !== 'string') throw new Error(`${url} names no jwks_uri`);
    const fault = insecureUrlFault(jwksUri, this.options);
    if (fault) throw new Error(`The jwks_uri of ${url} ${fault}`);
    return jwksUri;
  }
}

/** RFC 9111 §5.2.2. */
function lifetimeSeconds(cacheControl: string): number {
  const { least, usual, most } = LIFETIME_SECONDS;
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return least;
  const maxAge = /(?:^|[\s,])max-age="?(\d+)/i.exec(cacheControl)?.[1];
  return maxAge === undefined ? usual : Math.min(most, Math.max(least, Number(maxAge)));
}
