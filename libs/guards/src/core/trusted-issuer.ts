import type { AccessToken } from './access-token.js';
import type { ResolvedIssuer } from './issuer.options.js';
import { decodeHeader, type JoseHeader, parseJoseHeader } from './jws.js';
import { KeySetSource } from './key-set-source.js';
import { KeySet } from './key-set.js';
import type { ResolvedVerifierOptions } from './verifier.options.js';

/** The status of one token (Token Status List §6.2). */
export interface TokenStatus {
  /** False once the list is no longer kept up to date: then the status must be looked up again. */
  readonly isTracked: boolean;
  /**
   * @param at in monotonic milliseconds
   * @throws TokenError when the session is revoked, or the token's index is outside of the list
   * @throws UnavailableError `status_unavailable`
   */
  checkValid(at: number): void;
}

/** The status lists of one issuer. `status/` implements it, so that the core does not depend on that folder. */
export interface StatusSource {
  /**
   * Undefined for a token without a status, and for an issuer with `ignoresTokenStatus`.
   *
   * @throws TokenError when the token's reference to its status is not usable
   */
  findStatus(token: Pick<AccessToken, 'claims' | 'issuedAt'>): TokenStatus | undefined;
  /** @throws UnavailableError `status_unavailable` */
  ready(): Promise<void>;
  /** Resolves when no fetch is running. For tools and tests; requests never wait. */
  settled(): Promise<void>;
  close(): void;
}

export type StatusSourceFactory = (rules: ResolvedIssuer, keySet: KeySet) => StatusSource;

/** An issuer uses few different headers, about one for each key. */
const MAX_HEADERS = 100;

/** A trusted authorization server with its keys and its rules. */
export class TrustedIssuer {
  readonly keySet: KeySet;
  readonly statusLists: StatusSource;
  private readonly headers = new Map<string, JoseHeader>();

  constructor(
    readonly rules: ResolvedIssuer,
    options: ResolvedVerifierOptions,
    createStatusSource: StatusSourceFactory,
  ) {
    this.keySet = new KeySet(options, new KeySetSource(rules, options));
    this.statusLists = createStatusSource(rules, this.keySet);
  }

  /**
   * Resolves when tokens of this issuer can be verified.
   *
   * @throws UnavailableError
   */
  async ready(): Promise<void> {
    await this.keySet.ready();
    await this.statusLists.ready();
  }

  /** @throws TokenError when the rules of this issuer forbid such a header */
  parseHeader(encoded: string): JoseHeader {
    return this.headers.get(encoded) ?? parseJoseHeader(decodeHeader(encoded), this.rules);
  }

  /** Caches a parsed header. Call it only after the signature was verified, so that strangers cannot fill the cache. */
  rememberHeader(encoded: string, header: JoseHeader): void {
    if (this.headers.has(encoded)) return;
    if (this.headers.size >= MAX_HEADERS) this.headers.clear();
    this.headers.set(encoded, header);
  }
}

/** The configured issuers. The `iss` of a token selects one of them and can add none. */
export class IssuerRegistry {
  private readonly byName: ReadonlyMap<unknown, TrustedIssuer>;

  constructor(options: ResolvedVerifierOptions, createStatusSource: StatusSourceFactory) {
    this.byName = new Map(
      options.issuers.map((rules) => [
        rules.issuer,
        new TrustedIssuer(rules, options, createStatusSource),
      ]),
    );
  }

  /** The issuer, if exactly one is configured. */
  get only(): TrustedIssuer | undefined {
    return this.byName.size === 1 ? [...this.byName.values()][0] : undefined;
  }

  get names(): readonly string[] {
    return [...this.byName.values()].map(({ rules }) => rules.issuer);
  }

  /** By `iss`, compared character by character. */
  named(iss: unknown): TrustedIssuer | undefined {
    return this.byName.get(iss);
  }

  /**
   * Resolves when tokens of at least one issuer can be verified, and fetches missing keys and status lists. One issuer
   * that is down must not block the callers of the others. For readiness probes.
   *
   * @throws UnavailableError
   */
  async ready(): Promise<void> {
    const issuers = [...this.byName.values()];
    await Promise.any(issuers.map((issuer) => issuer.ready())).catch((failure: unknown) => {
      throw failure instanceof AggregateError ? failure.errors[0] : failure;
    });
  }

  /** Age of the oldest key set in use, in seconds; undefined before the first fetch. For monitoring. */
  get keySetAgeSeconds(): number | undefined {
    const ages = [...this.byName.values()].map(({ keySet }) => keySet.ageSeconds);
    const known = ages.filter(Number.isFinite);
    return known.length > 0 ? Math.max(...known) : undefined;
  }

  /** Stops the background fetches. */
  close(): void {
    for (const { statusLists } of this.byName.values()) statusLists.close();
  }
}
