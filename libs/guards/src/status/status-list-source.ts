import type { ResolvedGuardsOptions } from '../nest/guards.options.js';
import type { ResolvedIssuer } from '../core/issuer.options.js';
import { fetchBounded, fetchJson } from '../core/bounded-fetch.js';
import { discoverMetadata } from '../core/discovery.js';
import type { KeySet } from '../core/key-set.js';
import { findUrlFault, parseHttpUrl } from '../core/urls.js';
import { currentLifetimeLimits } from '../core/lifetime.js';
import { readStatusListToken, type StatusListToken } from './status-list-token.js';

const MEDIA_TYPE = 'application/statuslist+jwt';
const MEDIA_TYPE_PATTERN = /^application\/statuslist\+jwt\s*(?:;|$)/i;

/** A list as it was at some time. */
export interface FetchedList {
  readonly token: StatusListToken;
  /** When it was the newest, in epoch milliseconds. */
  readonly asOf: number;
  readonly etag: string | undefined;
}

/** Where one issuer's status lists come from. Keeps none. */
export class StatusListSource {
  private readonly origins: ReadonlySet<string>;

  constructor(
    private readonly issuer: ResolvedIssuer,
    private readonly options: ResolvedGuardsOptions,
    private readonly keySet: KeySet,
  ) {
    const addresses = [issuer.issuer, issuer.jwksUri ?? ''];
    this.origins = new Set(addresses.flatMap((address) => parseHttpUrl(address)?.origin ?? []));
  }

  /** Why a list must not be fetched, as the end of a sentence: a token that is signed well may still name any address. */
  findUriFault(uri: string): string | undefined {
    const origin = parseHttpUrl(uri)?.origin;
    if (origin === undefined || !this.origins.has(origin)) return 'must be at the issuer';
    return findUrlFault(this.rewriteOrigin(uri), this.options);
  }

  /**
   * @param known the list that is asked about: it may still be the newest
   * @throws Error when it cannot be had, or must not be used
   */
  async fetch(uri: string, known: FetchedList | undefined): Promise<FetchedList> {
    const begun = this.options.now();
    // What is near its end is fetched whole: that it has not changed would not keep it.
    const { maxAgeSeconds } = this.options.statusLists;
    const isLasting = known && known.token.expiresAt > begun + maxAgeSeconds * 1000;
    const { headers, body } = await fetchBounded(
      this.rewriteOrigin(uri),
      {
        headers: buildRequestHeaders(isLasting ? known.etag : undefined),
        contentType: MEDIA_TYPE_PATTERN,
      },
      this.options.statusLists,
    );
    const asOf = begun - readAgeMs(headers);
    if (!body) return this.confirmUnchanged(known, asOf);
    const token = await readStatusListToken(body.toString('latin1'), {
      uri,
      issuer: this.issuer.issuer,
      algorithms: this.issuer.algorithms,
      keySet: this.keySet,
      lifetime: currentLifetimeLimits(this.options),
      maxBytes: this.options.statusLists.maxBytes,
    });
    return { token, asOf, etag: headers.get('etag') ?? undefined };
  }

  /**
   * The lists that the issuer names, so that a process need not wait for tokens to learn of them (Token Status List §9).
   * None where it names no place to ask.
   *
   * @throws Error when its metadata, or that place, cannot be had
   */
  async fetchListUris(): Promise<readonly string[]> {
    if (!parseHttpUrl(this.issuer.issuer)) return [];
    const limits = this.options.keySet;
    const elsewhere = (address: string) => this.rewriteOrigin(address);
    const metadata = await discoverMetadata(this.issuer.issuer, limits, elsewhere);
    const endpoint = metadata['status_list_aggregation_endpoint'];
    if (typeof endpoint !== 'string' || this.findUriFault(endpoint)) return [];
    const { body } = await fetchJson(this.rewriteOrigin(endpoint), limits);
    const lists: unknown = body['status_lists'];
    return Array.isArray(lists) ? lists.filter((uri) => typeof uri === 'string') : [];
  }

  /** Nothing has changed, and an old list is as good as its key. */
  private confirmUnchanged(known: FetchedList | undefined, asOf: number): FetchedList {
    if (!known) throw new Error('Nothing was known that could be unchanged');
    const { kid, key } = known.token;
    if (this.keySet.findCached(kid, this.options.now()) !== key) {
      throw new Error('The key that signed it is gone');
    }
    return { ...known, asOf };
  }

  private rewriteOrigin(address: string): string {
    const { statusListsOrigin } = this.issuer;
    if (statusListsOrigin === undefined) return address;
    const { pathname, search } = new URL(address);
    return statusListsOrigin + pathname + search;
  }
}

/** `max-age=0`: a cache in between must ask again (RFC 9111 §5.2.1.1). Without it, fetch() would forbid a 304 as well. */
function buildRequestHeaders(etag: string | undefined): Record<string, string> {
  return {
    accept: MEDIA_TYPE,
    'cache-control': 'max-age=0',
    ...(etag !== undefined && { 'if-none-match': etag }),
  };
}

/** How long a cache that does not ask has kept it (RFC 9111 §5.1). */
function readAgeMs(headers: Headers): number {
  const age = Number(headers.get('age') ?? 0);
  return age > 0 ? age * 1000 : 0;
}
