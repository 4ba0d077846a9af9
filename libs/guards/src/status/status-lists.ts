import type { AccessToken } from '../core/access-token.js';
import { malformedClaim } from '../core/claims.js';
import type { ResolvedIssuer } from '../core/issuer.options.js';
import type { KeySet } from '../core/key-set.js';
import { isJsonObject, type JsonObject } from '../core/strict-json.js';
import type { ResolvedGuardsOptions } from '../nest/guards.options.js';
import { StatusListSource } from './status-list-source.js';
import { type ListPosition, WatchedList } from './watched-list.js';

/** Where a token says its status is (Token Status List §6.2). */
export interface StatusReference {
  /** Its place in the list. */
  readonly index: number;
  /** The list, and what its `sub` must be. */
  readonly uri: string;
}

/**
 * Undefined for a token that has no status. A status by some other mechanism cannot be looked up here, and is refused.
 *
 * @throws InvalidToken
 */
export function readStatusReference({ status }: JsonObject): StatusReference | undefined {
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

/** The most lists of one issuer that are watched. One of Gatehouse has room for a million sessions. */
const MAX_LISTS = 64;

/** Between two attempts to learn which lists the issuer has. */
const LIST_URIS_RETRY_MS = 10_000;

/** Where the status of one token is. */
export class TokenStatus {
  constructor(
    readonly list: WatchedList,
    private readonly position: ListPosition,
  ) {}

  /**
   * @param now in epoch milliseconds
   * @throws InvalidToken when the token's session has ended, or its place is none
   * @throws StatusUnavailable when that cannot be known now
   */
  checkValid(now: number): void {
    this.list.checkValid(this.position, now);
  }
}

/** The status lists of one issuer, as far as tokens refer to them. */
export class StatusLists {
  private readonly lists = new Map<string, WatchedList>();
  private readonly source: StatusListSource;
  private listUris: readonly string[] | undefined;
  private listUrisRequestedAt = -Infinity;

  constructor(
    private readonly issuer: ResolvedIssuer,
    private readonly options: ResolvedGuardsOptions,
    private readonly keySet: KeySet,
  ) {
    this.source = new StatusListSource(issuer, options, keySet);
  }

  /**
   * Undefined for a token without a status, and where nobody is to be asked for it.
   *
   * @throws InvalidToken when what the token says of its status is not to be used
   */
  findStatus({
    claims,
    issuedAt,
  }: Pick<AccessToken, 'claims' | 'issuedAt'>): TokenStatus | undefined {
    if (this.issuer.ignoresTokenStatus) return undefined;
    const reference = readStatusReference(claims);
    if (!reference) return undefined;
    const { uri, index } = reference;
    return new TokenStatus(this.watch(uri), { index, issuedAt: issuedAt.getTime() });
  }

  /**
   * Resolves when tokens can be looked up, with the lists that the issuer names loaded. One list that is gone takes
   * nothing from the tokens of the others.
   *
   * @throws StatusUnavailable when none of the lists in use can be had, and their tokens are refused
   */
  async ready(): Promise<void> {
    if (this.issuer.ignoresTokenStatus) return;
    await this.watchPublishedLists();
    const lists = [...this.lists.values()];
    await Promise.all(
      lists.filter(({ isLoaded: isKnown }) => !isKnown).map((list) => list.settled()),
    );
    const failures = lists.flatMap((list) => findFailure(list, this.options.now()));
    if (lists.length > 0 && failures.length === lists.length) throw failures[0];
  }

  /** Resolves when no fetch is under way. For tools and tests: requests never wait. */
  async settled(): Promise<void> {
    await Promise.all([...this.lists.values()].map((list) => list.settled()));
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
    // A list that pushes another one out may have been pushed out itself: it is not new, and gets no grace for that.
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

  /** What the issuer names is in use, and pushes out nothing that tokens refer to. */
  private async watchPublishedLists(): Promise<void> {
    const isFirst = this.listUrisRequestedAt === -Infinity;
    const asked = this.fetchListUris();
    // A probe waits for them once. Later, it must not seem dead because an address does not answer.
    if (isFirst) await asked;
    for (const uri of this.listUris ?? []) {
      const hasPlace = this.lists.has(uri) || this.lists.size < MAX_LISTS;
      if (hasPlace && !this.source.findUriFault(uri)) this.watch(uri).markUsed();
    }
  }

  /** Not to learn them is no failure: few issuers name their lists, and tokens do, too. */
  private async fetchListUris(): Promise<void> {
    const now = this.options.now();
    if (this.listUris || now < this.listUrisRequestedAt + LIST_URIS_RETRY_MS) return;
    this.listUrisRequestedAt = now;
    const named = await this.source.fetchListUris().catch(() => undefined);
    this.listUris = named?.slice(0, MAX_LISTS);
  }
}

function findFailure(list: WatchedList, now: number): unknown[] {
  try {
    list.checkAvailable(now);
    return [];
  } catch (failure) {
    return [failure];
  }
}
