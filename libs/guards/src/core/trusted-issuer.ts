import type { AccessToken } from './access-token.js';
import { malformedClaim } from './claims.js';
import { decodeHeader, type JoseHeader, parseJoseHeader } from './jws.js';
import { KeySet } from './key-set.js';
import type { Option, OptionTable } from './options.js';
import type { ResolvedIssuer, ResolvedVerifierOptions } from './verifier.options.js';

/** The status of one token (Token Status List §6.2). */
export interface TokenStatus {
  /** False once the list is no longer kept up to date: then the status must be looked up again. */
  readonly isTracked: boolean;
  /** @throws TokenError when the session is revoked at this monotonic time, or the status cannot be looked up */
  checkValid(at: number): void;
}

/** The status lists of one issuer. `status/` implements it, so that the core does not depend on that folder. */
export interface StatusSource {
  /** @throws TokenError when the token's reference to its status is not usable */
  findStatus(token: Pick<AccessToken, 'claims' | 'issuedAt'>): TokenStatus | undefined;
  /** @throws UnavailableError `status_unavailable` */
  ready(): Promise<void>;
  /** Resolves when no fetch is running. For tools and tests; requests never wait. */
  settled(): Promise<void>;
  /** Age of the oldest list in use, in seconds; undefined before the first fetch. */
  readonly ageSeconds: number | undefined;
  close(): void;
}

/** An optional part of the library. Copies without the part have none of its options. */
export interface OptionPart {
  /** Options beside those of the verifier. */
  readonly options?: OptionTable;
  /** Options beside those of an issuer. */
  readonly issuerOptions?: OptionTable;
  /** Returns options whose defaults depend on others. */
  readonly resolve?: (resolved: ResolvedVerifierOptions) => object;
  /** One sentence for each fault. It says what to set. */
  readonly findFaults?: (resolved: ResolvedVerifierOptions) => readonly string[];
}

/** Checks the status of tokens. Without it, a token with a status is refused. */
export interface StatusPart extends OptionPart {
  createSource(rules: ResolvedIssuer, options: ResolvedVerifierOptions, keys: KeySet): StatusSource;
}

/** Replaces the list of issuers by issuers that become known at run time. */
export interface DirectoryPart extends OptionPart {
  /** The option `issuers`, as an object. */
  readonly directory: Option;
  createRegistry(options: ResolvedVerifierOptions, parts: VerifierParts): IssuerRegistry;
}

/** The parts that are present. `parts.ts` lists them. */
export interface VerifierParts {
  readonly status?: StatusPart;
  readonly dpop?: OptionPart;
  readonly metadata?: OptionPart;
  readonly issuersAtRunTime?: DirectoryPart;
}

/** An issuer uses few different headers, about one for each key. */
const MAX_HEADERS = 100;

/** A trusted authorization server with its keys and its rules. */
export class TrustedIssuer {
  readonly keySet: KeySet;
  /** Undefined if the statuses of tokens are not checked. */
  readonly statusLists: StatusSource | undefined;
  private readonly headers = new Map<string, JoseHeader>();

  constructor(
    readonly rules: ResolvedIssuer,
    options: ResolvedVerifierOptions,
    { status }: VerifierParts,
  ) {
    this.keySet = new KeySet(rules, options);
    const checked = rules.ignoresTokenStatus ? undefined : status;
    this.statusLists = checked?.createSource(rules, options, this.keySet);
  }

  /** Undefined for a token without a status. @throws TokenError when the status cannot be looked up */
  findStatus(token: Pick<AccessToken, 'claims' | 'issuedAt'>): TokenStatus | undefined {
    if (token.claims['status'] === undefined || this.rules.ignoresTokenStatus) return undefined;
    if (this.statusLists) return this.statusLists.findStatus(token);
    const remedy = 'take the part `status`, or set `ignoresTokenStatus`';
    throw malformedClaim('status', `absent, because this service checks no status: ${remedy}`);
  }

  /** Resolves when tokens of this issuer can be verified. @throws UnavailableError */
  async ready(): Promise<void> {
    await this.keySet.ready();
    await this.statusLists?.ready();
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

/** The issuers that are trusted. The `iss` of a token selects one of them and can add none. */
export class IssuerRegistry {
  private readonly byName: ReadonlyMap<unknown, TrustedIssuer>;

  constructor(options: ResolvedVerifierOptions, parts: VerifierParts) {
    const trust = (rules: ResolvedIssuer) => new TrustedIssuer(rules, options, parts);
    this.byName = new Map(options.issuers.map((rules) => [rules.issuer, trust(rules)]));
  }

  get all(): readonly TrustedIssuer[] {
    return [...this.byName.values()];
  }

  get names(): readonly string[] {
    return this.all.map(({ rules }) => rules.issuer);
  }

  /** The issuer, if exactly one is trusted. */
  get only(): TrustedIssuer | undefined {
    return this.byName.size === 1 ? this.all[0] : undefined;
  }

  /** The known issuer of this name, compared character by character. */
  named(iss: unknown): TrustedIssuer | undefined {
    return this.byName.get(iss);
  }

  /** As {@link named}, but may wait until the issuer is known. */
  find(iss: unknown): TrustedIssuer | undefined | Promise<TrustedIssuer | undefined> {
    return this.named(iss);
  }

  /** How long the issuer is trusted without being resolved again, in milliseconds. */
  remainingTrustMs(_iss: string): number {
    return Infinity;
  }

  /** One issuer that is down must not block the callers of the others. @throws UnavailableError */
  async ready(): Promise<void> {
    if (this.byName.size === 0) return;
    await Promise.any(this.all.map((issuer) => issuer.ready())).catch((failure: unknown) => {
      throw failure instanceof AggregateError ? failure.errors[0] : failure;
    });
  }

  /** Age of the oldest key set in use, in seconds; undefined before the first fetch. For monitoring. */
  get keySetAgeSeconds(): number | undefined {
    const known = this.all.map(({ keySet }) => keySet.ageSeconds).filter(Number.isFinite);
    return known.length > 0 ? Math.max(...known) : undefined;
  }

  /** Age of the oldest status list in use, in seconds; undefined before the first fetch. For monitoring. */
  get statusListAgeSeconds(): number | undefined {
    const known = this.all.flatMap(({ statusLists }) => statusLists?.ageSeconds ?? []);
    return known.length > 0 ? Math.max(...known) : undefined;
  }

  /** Stops the background fetches. */
  close(): void {
    for (const { statusLists } of this.all) statusLists?.close();
  }
}

export function createRegistry(options: ResolvedVerifierOptions, parts: VerifierParts) {
  const directory = options.directory && parts.issuersAtRunTime;
  return directory?.createRegistry(options, parts) ?? new IssuerRegistry(options, parts);
}
