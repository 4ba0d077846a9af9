import type { ResolvedIssuer } from '../core/verifier.options.js';
import { fetchBounded, fetchJson } from '../core/bounded-fetch.js';
import { currentLifetimeLimits } from '../core/claims.js';
import { discoverMetadata } from '../core/key-set-source.js';
import type { KeySet } from '../core/key-set.js';
import { findUrlFault, parseHttpUrl } from '../core/bounded-fetch.js';
import type { ResolvedVerifierOptions } from '../core/verifier.options.js';
import { readStatusListToken, type StatusListToken } from './status-list-token.js';

const MEDIA_TYPE = 'application/statuslist+jwt';
const MEDIA_TYPE_PATTERN = /^application\/statuslist\+jwt\s*(?:;|$)/i;

/** A list and the time of its content. */
export interface FetchedList {
  readonly token: StatusListToken;
  /** Time at which the list was current, in monotonic milliseconds. */
  readonly asOf: number;
  readonly etag: string | undefined;
}

/** Fetches the status lists of one issuer. Stores none. */
export class StatusListSource {
  private readonly origins: ReadonlySet<string>;

  constructor(
    private readonly issuer: ResolvedIssuer,
    private readonly options: ResolvedVerifierOptions,
    private readonly keySet: KeySet,
  ) {
    const addresses = [issuer.issuer, issuer.jwksUri ?? ''];
    this.origins = new Set(addresses.flatMap((address) => parseHttpUrl(address)?.origin ?? []));
  }

  /** Why a list must not be fetched, as the end of a sentence. Even a token with a valid signature may name any address. */
  findUriFault(uri: string): string | undefined {
    const origin = parseHttpUrl(uri)?.origin;
    if (origin === undefined || !this.origins.has(origin)) return 'must be at the issuer';
    return findUrlFault(this.rewriteOrigin(uri), this.options);
  }

  /**
   * @param known the last list, for a conditional request
   * @throws Error when the list cannot be fetched, or is not valid
   */
  async fetch(uri: string, known: FetchedList | undefined): Promise<FetchedList> {
    const startedAt = this.options.monotonicNow();
    // A list that expires soon is fetched whole, because 304 Not Modified does not extend its `exp`.
    const { maxAgeSeconds } = this.options.statusLists;
    const isLongLived = known && known.token.expiresAt > this.options.now() + maxAgeSeconds * 1000;
    const { headers, body } = await fetchBounded(
      this.rewriteOrigin(uri),
      {
        headers: buildRequestHeaders(isLongLived ? known.etag : undefined),
        contentType: MEDIA_TYPE_PATTERN,
      },
      this.options.statusLists,
    );
    const asOf = startedAt - readAgeMs(headers);
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
   * The lists that the issuer publishes (Token Status List §9), so that a process can load them before the first token.
   * Empty if the issuer has no aggregation endpoint.
   *
   * @throws Error when the metadata or the endpoint cannot be fetched
   */
  async fetchListUris(): Promise<readonly string[]> {
    if (!parseHttpUrl(this.issuer.issuer)) return [];
    const limits = this.options.keySet;
    const { fetch = globalThis.fetch } = limits;
    const metadata = await discoverMetadata(this.issuer.issuer, {
      ...limits,
      fetch: (address, init) => fetch(this.rewriteOrigin(address), init),
    });
    const endpoint = metadata['status_list_aggregation_endpoint'];
    if (typeof endpoint !== 'string' || this.findUriFault(endpoint)) return [];
    const { body } = await fetchJson(this.rewriteOrigin(endpoint), limits);
    const lists: unknown = body['status_lists'];
    return Array.isArray(lists) ? lists.filter((uri) => typeof uri === 'string') : [];
  }

  /** Extends an unchanged list, if the key that signed it is still published. */
  private async confirmUnchanged(
    known: FetchedList | undefined,
    asOf: number,
  ): Promise<FetchedList> {
    if (!known) throw new Error('The server answered 304 to an unconditional request');
    const { kid, key } = known.token;
    if ((await this.keySet.find(kid)) !== key) {
      throw new Error('The key that signed the list is no longer published');
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

/** `max-age=0` makes caches revalidate (RFC 9111 §5.2.1.1). Without it, fetch() would add headers that prevent a 304. */
function buildRequestHeaders(etag: string | undefined): Record<string, string> {
  return {
    accept: MEDIA_TYPE,
    'cache-control': 'max-age=0',
    ...(etag !== undefined && { 'if-none-match': etag }),
  };
}

/** How long a cache on the way has kept the response (RFC 9111 §5.1). */
function readAgeMs(headers: Headers): number {
  const age = Number(headers.get('age') ?? 0);
  return age > 0 ? age * 1000 : 0;
}
