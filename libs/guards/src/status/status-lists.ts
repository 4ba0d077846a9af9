import type { AccessToken } from '../core/access-token.js';
import { malformedClaim } from '../core/claims.js';
import type { ResolvedIssuer } from '../core/verifier.options.js';
import type { KeySet } from '../core/key-set.js';
import { isJsonObject, type JsonObject } from '../core/strict-json.js';
import type { UnavailableError } from '../core/token-error.js';
import type { StatusSource, TokenStatus } from '../core/trusted-issuer.js';
import type { ResolvedVerifierOptions } from '../core/verifier.options.js';
import { StatusListSource } from './status-list-source.js';
import { type ListPosition, WatchedList } from './watched-list.js';

/** The reference of a token to its status (Token Status List §6.2). */
interface StatusReference {
  /** Index in the list. */
  readonly index: number;
  /** Address of the list, which must equal its `sub`. */
  readonly uri: string;
}

/**
 * Undefined for a token without a status. Other status mechanisms are refused, because the library implements none.
 *
 * @throws TokenError
 */
function readStatusReference({ status }: JsonObject): StatusReference | undefined {
  if (status === undefined) return undefined;
  const reference = isJsonObject(status) ? status['status_list'] : undefined;
  if (!isJsonObject(reference)) throw malformedClaim('status', 'an object with a status_list');
  const { idx: index, uri } = reference;
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) {
    throw malformedClaim('status.status_list.idx', 'a whole number that is not negative');
  }
  if (typeof uri !== 'string') throw malformedClaim('status.status_list.uri', 'a string');
  return { index, uri };
}

/** Maximum number of tracked lists of one issuer. One list of Gatehouse has room for a million sessions. */
const MAX_LISTS = 64;

/** Time between two attempts to fetch the issuer's list of status lists. */
const LIST_URIS_RETRY_MS = 10_000;

/** The status of one token, as an index in a watched list. */
class ListedTokenStatus implements TokenStatus {
  constructor(
    private readonly list: WatchedList,
    private readonly position: ListPosition,
  ) {}

  get isTracked(): boolean {
    return this.list.isWatched;
  }

  checkValid(at: number): void {
    this.list.checkValid(this.position, at);
  }
}

/** The status lists of one issuer that its tokens refer to. */
export class StatusLists implements StatusSource {
  private readonly lists = new Map<string, WatchedList>();
  private readonly source: StatusListSource;
  private listUris: readonly string[] | undefined;
  private listUrisRequestedAt = -Infinity;

  constructor(
    private readonly issuer: ResolvedIssuer,
    private readonly options: ResolvedVerifierOptions,
    private readonly keySet: KeySet,
  ) {
    this.source = new StatusListSource(issuer, options, keySet);
  }

  findStatus({
    claims,
    issuedAt,
  }: Pick<AccessToken, 'claims' | 'issuedAt'>): TokenStatus | undefined {
    if (this.issuer.ignoresTokenStatus) return undefined;
    const reference = readStatusReference(claims);
    if (!reference) return undefined;
    const { uri, index } = reference;
    return new ListedTokenStatus(this.watch(uri), { index, issuedAt: issuedAt.getTime() });
  }

  /**
   * Resolves when the published lists are loaded. A missing list only affects its own tokens.
   *
   * @throws UnavailableError when no list in use can be fetched, and their tokens are refused
   */
  async ready(): Promise<void> {
    if (this.issuer.ignoresTokenStatus) return;
    await this.watchPublishedLists();
    const lists = [...this.lists.values()];
    await Promise.all(lists.map((list) => this.waitUntilLoaded(list)));
    const failures = lists.flatMap((list) => findFailure(list, this.options.monotonicNow()));
    const [first] = failures;
    if (first && failures.length === lists.length) throw first;
  }

  /** After a pause of the process, waits for the fetch under way. */
  private async waitUntilLoaded(list: WatchedList): Promise<void> {
    if (!list.isLoaded) return list.settled();
    const [failure] = findFailure(list, this.options.monotonicNow());
    await failure?.state.refreshing;
  }

  async settled(): Promise<void> {
    await Promise.all([...this.lists.values()].map((list) => list.settled()));
  }

  get ageSeconds(): number | undefined {
    const at = this.options.monotonicNow();
    const ages = [...this.lists.values()].flatMap((list) => list.findAgeSeconds(at) ?? []);
    return ages.length > 0 ? Math.max(...ages) : undefined;
  }

  close(): void {
    for (const list of this.lists.values()) list.stop();
    this.lists.clear();
  }

  private watch(uri: string): WatchedList {
    const known = this.lists.get(uri);
    if (known?.isWatched) return known;
    const fault = this.source.findUriFault(uri);
    if (fault) throw malformedClaim('status.status_list.uri', `fetched safely: it ${fault}`);
    return this.startWatching(uri);
  }

  private startWatching(uri: string): WatchedList {
    for (const [idle, { isWatched }] of this.lists) if (!isWatched) this.lists.delete(idle);
    const isFull = this.lists.size >= MAX_LISTS;
    if (isFull) this.evictOldest();
    const { source, keySet, options } = this;
    // When the table is full, this list may have been evicted before, so it gets no grace period as a new list.
    const graceMs = isFull ? 0 : options.statusLists.maxAgeSeconds * 1000;
    const list = new WatchedList({ uri, source, keySet, options, graceMs });
    this.lists.set(uri, list);
    return list;
  }

  private evictOldest(): void {
    const [oldest] = [...this.lists].sort(([, a], [, b]) => a.lastUse - b.lastUse);
    if (!oldest) return;
    oldest[1].stop();
    this.lists.delete(oldest[0]);
  }

  /** Tracks the published lists, but never evicts a list that tokens refer to. */
  private async watchPublishedLists(): Promise<void> {
    const isFirst = this.listUrisRequestedAt === -Infinity;
    const fetched = this.fetchListUris();
    // Only the first readiness probe waits. Later probes must not fail because this address does not answer.
    if (isFirst) await fetched;
    for (const uri of this.listUris ?? []) {
      const hasRoom = this.lists.has(uri) || this.lists.size < MAX_LISTS;
      if (hasRoom && !this.source.findUriFault(uri)) this.watch(uri).markUsed();
    }
  }

  /** A failure is ignored, because few issuers publish their lists and each token names its own. */
  private async fetchListUris(): Promise<void> {
    const at = this.options.monotonicNow();
    if (this.listUris || at < this.listUrisRequestedAt + LIST_URIS_RETRY_MS) return;
    this.listUrisRequestedAt = at;
    const published = await this.source.fetchListUris().catch(() => undefined);
    this.listUris = published?.slice(0, MAX_LISTS);
  }
}

function findFailure(list: WatchedList, at: number): UnavailableError[] {
  const failure = list.findUnavailability(at);
  return failure ? [failure] : [];
}
