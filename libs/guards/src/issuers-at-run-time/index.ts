import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { option, OptionReader } from '../core/options.js';
import {
  findIssuerFaults,
  ISSUER_OPTIONS,
  type ReadIssuer,
  resolveIssuer,
} from '../core/resolve-options.js';
import { LeastRecentlyUsed } from '../core/token-cache.js';
import { describeError, quoteValue, TokenError, UnavailableError } from '../core/token-error.js';
import {
  type DirectoryPart,
  IssuerRegistry,
  type OptionPart,
  TrustedIssuer,
  type VerifierParts,
} from '../core/trusted-issuer.js';
import type {
  IssuerOptions,
  NoSingleIssuer,
  RequiredOptions,
  ResolvedIssuer,
  ResolvedVerifierOptions,
} from '../core/verifier.options.js';
import { withPublicFetch } from './public-fetch.js';

/** Issuers that are not known at boot, such as those of tenants. */
export interface IssuersAtRunTime {
  /**
   * Returns the options of an issuer, or undefined if it is not trusted. Called before a signature is checked, so `iss`
   * is text of a stranger. If it throws, the answer is 503.
   */
  readonly resolve: (
    iss: string,
  ) => IssuerOptions | undefined | null | Promise<IssuerOptions | undefined | null>;
  /** How long an issuer is trusted before `resolve` is called again, in seconds. Default 60. */
  readonly resolveSeconds?: number | undefined;
  /** Number of issuers that are kept with their keys. Default 1000. */
  readonly maxIssuers?: number | undefined;
  /** Fetches keys also from addresses of private networks and of this machine. Default false. */
  readonly allowsPrivateAddresses?: boolean | undefined;
}

declare module '../core/verifier.options.js' {
  interface TrustModes {
    readonly atRunTime: NoSingleIssuer & { readonly issuers: IssuersAtRunTime };
  }
}

const MAX_ISSUER_LENGTH = 512;
/** Resolutions of unknown issuers at the same time. Beyond that a token gets 503. */
const MAX_RESOLVING = 32;
const MAX_REFUSED = 1000;
const REFUSED_MS = 10_000;
const RETRY_AFTER_SECONDS = 2;
/** An open connection looks again after this time, while its issuer is being resolved. */
const RECHECK_MS = 1000;

const DIRECTORY = option.object({
  resolve: option.function(),
  resolveSeconds: option.number(1, 3600, 60),
  maxIssuers: option.number(1, 100_000, 1000),
  allowsPrivateAddresses: option.flag(),
});

export const issuersAtRunTime: DirectoryPart = {
  directory: DIRECTORY,
  createRegistry: (options, parts) => new RunTimeIssuers(options, parts),
};

/** The reader has checked every shape and filled in every default. */
function readDirectory(read: object | undefined): RequiredOptions<IssuersAtRunTime> {
  return read as RequiredOptions<IssuersAtRunTime>;
}

interface Refusal {
  readonly error: TokenError;
  /** In monotonic milliseconds. */
  readonly until: number;
}

/** The issuers that the application trusts at the moment. */
class RunTimeIssuers extends IssuerRegistry {
  /** In the order of their last use, oldest first. */
  private readonly trusted = new Map<string, TrustedIssuer>();
  private readonly refused = new LeastRecentlyUsed<Refusal>(MAX_REFUSED);
  private readonly resolving = new Map<string, Promise<TrustedIssuer>>();
  private readonly directory: RequiredOptions<IssuersAtRunTime>;
  private readonly options: ResolvedVerifierOptions;

  constructor(
    options: ResolvedVerifierOptions,
    private readonly parts: VerifierParts,
  ) {
    super(options, parts);
    this.directory = readDirectory(options.directory);
    this.options = this.directory.allowsPrivateAddresses ? options : withPublicFetch(options);
  }

  override get all(): readonly TrustedIssuer[] {
    return [...this.trusted.values()];
  }

  override named(iss: unknown): TrustedIssuer | undefined {
    return typeof iss === 'string' ? this.trusted.get(iss) : undefined;
  }

  /** @throws TokenError `wrong_issuer` */
  override find(iss: unknown): TrustedIssuer | Promise<TrustedIssuer> {
    if (typeof iss !== 'string' || iss === '' || iss.length > MAX_ISSUER_LENGTH) {
      throw TokenError.because('wrong_issuer', `iss is ${quoteValue(iss)}`);
    }
    const at = this.options.monotonicNow();
    const issuer = this.trusted.get(iss);
    if (issuer && at < issuer.keySet.trustedUntil) return this.use(iss, issuer);
    const refused = this.refused.get(iss);
    if (refused && at < refused.until) throw refused.error;
    return this.resolveOnce(iss);
  }

  /** An open connection keeps its token while its issuer is being resolved again. */
  override remainingTrustMs(iss: string): number {
    const trustedUntil = this.trusted.get(iss)?.keySet.trustedUntil ?? -Infinity;
    const remaining = trustedUntil - this.options.monotonicNow();
    if (remaining > 0) return remaining;
    const found = this.find(iss);
    if (found instanceof Promise) found.catch(() => undefined);
    return RECHECK_MS;
  }

  /** An issuer that is down does not concern the others, and none needs to be known yet. */
  override async ready(): Promise<void> {}

  private resolveOnce(iss: string): Promise<TrustedIssuer> {
    const running = this.resolving.get(iss);
    if (running) return running;
    if (this.resolving.size >= MAX_RESOLVING && !this.trusted.has(iss)) {
      throw createUnavailable(new Error(`${MAX_RESOLVING} issuers are being resolved`));
    }
    const started = this.resolve(iss).finally(() => this.resolving.delete(iss));
    this.resolving.set(iss, started);
    return started;
  }

  private async resolve(iss: string): Promise<TrustedIssuer> {
    try {
      return this.trust(iss, this.read(iss, await this.ask(iss)));
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      const isOutage = error instanceof UnavailableError;
      if (!isOutage) this.remove(iss);
      const until = isOutage ? RETRY_AFTER_SECONDS * 1000 : REFUSED_MS;
      this.refused.set(iss, { error, until: this.options.monotonicNow() + until });
      throw error;
    }
  }

  /** @throws UnavailableError */
  private async ask(iss: string): Promise<unknown> {
    const { timeoutMs } = this.options.keySet;
    const deadline = new AbortController();
    const { signal } = deadline;
    const timeout = setTimeout(timeoutMs, undefined, { signal, ref: false }).then(() => {
      throw new Error(`\`issuers.resolve\` did not answer within ${timeoutMs} ms`);
    });
    try {
      return await Promise.race([this.directory.resolve(iss), timeout]);
    } catch (error) {
      throw createUnavailable(error);
    } finally {
      timeout.catch(() => undefined);
      deadline.abort();
    }
  }

  private read(iss: string, given: unknown): ResolvedIssuer {
    if (given === undefined || given === null) throw refuse(iss, 'is not trusted');
    try {
      const rules = readIssuer(given, this.options, this.parts);
      if (rules.issuer === iss) return rules;
    } catch (error) {
      throw refuse(iss, `has options that are refused: ${describeError(error)}`);
    }
    throw refuse(iss, 'has options for another issuer');
  }

  /** An issuer whose options did not change keeps its keys and its verified tokens. */
  private trust(iss: string, rules: ResolvedIssuer): TrustedIssuer {
    const known = this.trusted.get(iss);
    if (known && !isDeepStrictEqual(known.rules, rules)) this.remove(iss);
    const issuer = this.trusted.get(iss) ?? new TrustedIssuer(rules, this.options, this.parts);
    const { monotonicNow } = this.options;
    issuer.keySet.trustedUntil = monotonicNow() + this.directory.resolveSeconds * 1000;
    this.use(iss, issuer);
    const [oldest] = this.trusted.keys();
    if (this.trusted.size > this.directory.maxIssuers && oldest !== undefined) this.remove(oldest);
    return issuer;
  }

  private use(iss: string, issuer: TrustedIssuer): TrustedIssuer {
    this.trusted.delete(iss);
    this.trusted.set(iss, issuer);
    return issuer;
  }

  /** From now on, cached tokens of the issuer are not accepted either. */
  private remove(iss: string): void {
    const issuer = this.trusted.get(iss);
    if (!issuer) return;
    this.trusted.delete(iss);
    issuer.keySet.trustedUntil = -Infinity;
    issuer.statusLists?.close();
  }
}

/** @throws GuardsConfigurationError with all faults */
function readIssuer(
  given: unknown,
  options: ResolvedVerifierOptions,
  parts: VerifierParts,
): ResolvedIssuer {
  const reader = new OptionReader();
  const installed: OptionPart[] = Object.values(parts);
  const tables = installed.map(({ issuerOptions }) => issuerOptions);
  const table = Object.assign({}, ISSUER_OPTIONS, ...tables);
  // The reader checks every shape.
  const read = reader.read(given, table, 'resolve().') as unknown as ReadIssuer;
  const rules = resolveIssuer(read, options.audience);
  reader.add(findIssuerFaults(rules, options, 'resolve().'));
  for (const part of installed) {
    reader.add(part.findFaults?.({ ...options, issuers: [rules] }) ?? []);
  }
  reader.throwFaults();
  return rules;
}

function createUnavailable(cause: unknown): UnavailableError {
  return new UnavailableError('keys_unavailable', RETRY_AFTER_SECONDS, { cause });
}

function refuse(iss: string, why: string): TokenError {
  return TokenError.because('wrong_issuer', `The issuer ${quoteValue(iss)} ${why}`);
}
