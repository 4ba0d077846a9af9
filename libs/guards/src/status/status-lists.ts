import type { ResolvedGuardsOptions } from '../guards.options.js';
import type { ResolvedIssuer } from '../issuers/issuer.options.js';
import type { KeySet } from '../keys/key-set.js';
import type { AccessToken } from '../token/access-token.js';
import { malformed } from '../token/claims.js';
import { StatusListSource } from './status-list-source.js';
import { statusReferenceOf } from './status-reference.js';
import { type Place, WatchedList } from './watched-list.js';

/** The most lists of one issuer that are watched. One of Gatehouse has room for a million sessions. */
const MAX_LISTS = 64;

/** Between two attempts to learn which lists the issuer has. */
const ASK_AGAIN_MS = 10_000;

/** Where the status of one token is. */
export class TokenStatus {
  constructor(
    readonly list: WatchedList,
    private readonly place: Place,
  ) {}

  /**
   * @param now in epoch milliseconds
   * @throws InvalidToken when the token's session has ended, or its place is none
   * @throws StatusUnavailable when that cannot be known now
   */
  requireValid(now: number): void {
    this.list.requireValid(this.place, now);
  }
}

/** The status lists of one issuer, as far as tokens refer to them. */
export class StatusLists {
  private readonly lists = new Map<string, WatchedList>();
  private readonly source: StatusListSource;
  private named: readonly string[] | undefined;
  private askedAt = -Infinity;

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
  of({ claims, issuedAt }: Pick<AccessToken, 'claims' | 'issuedAt'>): TokenStatus | undefined {
    if (this.issuer.ignoresTokenStatus) return undefined;
    const reference = statusReferenceOf(claims);
    if (!reference) return undefined;
    const { uri, index } = reference;
    return new TokenStatus(this.listAt(uri), { index, issuedAt: issuedAt.getTime() });
  }

  /**
   * Resolves when tokens can be looked up, with the lists that the issuer names loaded. One list that is gone takes
   * nothing from the tokens of the others.
   *
   * @throws StatusUnavailable when none of the lists in use can be had, and their tokens are refused
   */
  async ready(): Promise<void> {
    if (this.issuer.ignoresTokenStatus) return;
    await this.keepNamed();
    const lists = [...this.lists.values()];
    await Promise.all(lists.filter(({ isKnown }) => !isKnown).map((list) => list.settled()));
    const failures = lists.flatMap((list) => failureOf(list, this.options.now()));
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

  private listAt(uri: string): WatchedList {
    const known = this.lists.get(uri);
    if (known?.isWatched) return known;
    const fault = this.source.faultOf(uri);
    if (fault) throw malformed('status.status_list.uri', `fetched safely: it ${fault}`);
    return this.begin(uri);
  }

  private begin(uri: string): WatchedList {
    for (const [idle, { isWatched }] of this.lists) if (!isWatched) this.lists.delete(idle);
    const isFull = this.lists.size >= MAX_LISTS;
    if (isFull) this.makeRoom();
    const { source, keySet, options } = this;
    // A list that pushes another one out may have been pushed out itself: it is not new, and gets no grace for that.
    const graceMs = isFull ? 0 : options.statusLists.maxAgeSeconds * 1000;
    const list = new WatchedList({ uri, source, keySet, options, graceMs });
    this.lists.set(uri, list);
    return list;
  }

  private makeRoom(): void {
    const [oldest] = [...this.lists].sort(([, a], [, b]) => a.lastUse - b.lastUse);
    if (!oldest) return;
    oldest[1].stop();
    this.lists.delete(oldest[0]);
  }

  /** What the issuer names is in use, and pushes out nothing that tokens refer to. */
  private async keepNamed(): Promise<void> {
    const isFirst = this.askedAt === -Infinity;
    const asked = this.askForNames();
    // A probe waits for them once. Later, it must not seem dead because an address does not answer.
    if (isFirst) await asked;
    for (const uri of this.named ?? []) {
      const hasPlace = this.lists.has(uri) || this.lists.size < MAX_LISTS;
      if (hasPlace && !this.source.faultOf(uri)) this.listAt(uri).keep();
    }
  }

  /** Not to learn them is no failure: few issuers name their lists, and tokens do, too. */
  private async askForNames(): Promise<void> {
    const now = this.options.now();
    if (this.named || now < this.askedAt + ASK_AGAIN_MS) return;
    this.askedAt = now;
    const named = await this.source.named().catch(() => undefined);
    this.named = named?.slice(0, MAX_LISTS);
  }
}

function failureOf(list: WatchedList, now: number): unknown[] {
  try {
    list.requireAvailable(now);
    return [];
  } catch (failure) {
    return [failure];
  }
}
