import { hash } from 'node:crypto';
import type { AccessToken } from '../core/access-token.js';
import { checkLength, checkTokenSyntax } from '../core/jws.js';
import { LeastRecentlyUsed } from '../core/token-cache.js';
import { TokenError, UnavailableError } from '../core/token-error.js';
import type { Verifier } from '../core/verifier.js';
import { readAnswer } from './answer.js';
import { IntrospectionEndpoint } from './endpoint.js';
import {
  type IntrospectionOptions,
  type ResolvedIntrospectionOptions,
  resolveIntrospection,
} from './introspection.options.js';
import { RequestSlots } from './request-slots.js';

export type * from './introspection.options.js';

/**
 * Verifies tokens by introspection (RFC 7662), for the option `opaqueTokens`. A revocation takes effect within
 * `cacheSeconds`.
 *
 * @throws GuardsConfigurationError with all faults
 */
export function introspection(options: IntrospectionOptions): Verifier {
  return new IntrospectionVerifier(resolveIntrospection(options));
}

const RETRY_AFTER_SECONDS = 5;
/** An open connection looks again after this time, while the next answer for its token is on its way. */
const RECHECK_MS = 1000;

interface Answer<T> {
  readonly value: T;
  /** In monotonic milliseconds. */
  readonly freshUntil: number;
}

/** The text of a verified token, to introspect it again for an open connection. */
interface Source {
  readonly text: string;
  readonly digest: string;
  hasFailed: boolean;
}

class IntrospectionVerifier implements Verifier {
  private readonly endpoint: IntrospectionEndpoint;
  private readonly slots: RequestSlots;
  /** Entries stay after they are old, because a token that was active has priority. */
  private readonly active: LeastRecentlyUsed<Answer<AccessToken>>;
  /** Apart from the active ones, so that random tokens evict none of them. */
  private readonly refused: LeastRecentlyUsed<Answer<TokenError>>;
  /** By the SHA-256 of the token. One introspection serves all requests with the token. */
  private readonly running = new Map<string, Promise<AccessToken>>();
  private readonly sources = new WeakMap<AccessToken, Source>();
  /** The same for all refusals of one outage. */
  private outage: object | undefined;

  constructor(private readonly options: ResolvedIntrospectionOptions) {
    const { maxCached, maxConcurrent, keySet, monotonicNow } = options;
    this.endpoint = new IntrospectionEndpoint(options);
    this.slots = new RequestSlots(maxConcurrent, keySet.timeoutMs, monotonicNow);
    this.active = new LeastRecentlyUsed(maxCached);
    this.refused = new LeastRecentlyUsed(maxCached);
  }

  verify(token: string): AccessToken | Promise<AccessToken> {
    checkLength(token, this.options);
    const digest = hash('sha256', token, 'binary');
    const known = this.findFresh(digest);
    if (known) return known;
    checkTokenSyntax(token);
    return this.introspectOnce(token, digest);
  }

  remainingMs(token: AccessToken): number {
    const source = this.sources.get(token);
    if (!source || source.hasFailed) return 0;
    try {
      const current = this.findFresh(source.digest);
      if (!current) return this.lookAgain(source);
      const { now, monotonicNow, rules } = this.options;
      const freshUntil = this.active.get(source.digest)?.freshUntil ?? -Infinity;
      const lifetime = current.expiresAt.getTime() + rules.toleranceMs - now();
      return Math.min(lifetime, freshUntil - monotonicNow());
    } catch {
      return 0;
    }
  }

  describe(): { readonly issuer: string } {
    return { issuer: this.options.rules.issuer.issuer };
  }

  async ready(): Promise<void> {
    await this.endpoint.ready().catch((error: unknown) => {
      throw this.toUnavailable(error);
    });
  }

  close(): void {
    // Nothing runs in the background.
  }

  /** @throws TokenError that the last answer led to */
  private findFresh(digest: string): AccessToken | undefined {
    const at = this.options.monotonicNow();
    const active = this.active.get(digest);
    if (active && at < active.freshUntil) {
      if (this.options.now() < active.value.expiresAt.getTime()) return active.value;
    }
    const refused = this.refused.get(digest);
    if (refused && at < refused.freshUntil) throw refused.value;
    return undefined;
  }

  /** An open connection keeps its token while the next answer is on its way, and loses it when there is none. */
  private lookAgain(source: Source): number {
    const lookedAgain = this.introspectOnce(source.text, source.digest);
    lookedAgain.catch(() => (source.hasFailed = true));
    return RECHECK_MS;
  }

  private introspectOnce(token: string, digest: string): Promise<AccessToken> {
    const running = this.running.get(digest);
    if (running) return running;
    const started = this.introspectInSlot(token, digest).finally(() => this.running.delete(digest));
    this.running.set(digest, started);
    return started;
  }

  private async introspectInSlot(token: string, digest: string): Promise<AccessToken> {
    const wasActive = this.active.get(digest) !== undefined;
    if (!(await this.slots.take(wasActive))) {
      const cause = new Error('`maxConcurrent` introspections are running, and others wait');
      throw new UnavailableError('introspection_unavailable', RETRY_AFTER_SECONDS, { cause });
    }
    try {
      return await this.introspect(token, digest);
    } finally {
      this.slots.release();
    }
  }

  private async introspect(text: string, digest: string): Promise<AccessToken> {
    const { rules, cacheSeconds, monotonicNow, now } = this.options;
    // The age counts from the request, because the server may have decided at once.
    const freshUntil = monotonicNow() + cacheSeconds * 1000;
    try {
      const token = readAnswer(await this.endpoint.introspect(text), rules, now());
      this.outage = undefined;
      this.refused.delete(digest);
      this.active.set(digest, { value: token, freshUntil });
      this.sources.set(token, { text, digest, hasFailed: false });
      return token;
    } catch (error) {
      if (!(error instanceof TokenError)) throw this.toUnavailable(error);
      this.outage = undefined;
      this.active.delete(digest);
      this.refused.set(digest, { value: error, freshUntil });
      throw error;
    }
  }

  private toUnavailable(cause: unknown): UnavailableError {
    this.outage ??= {};
    const state = { cause, outage: this.outage };
    return new UnavailableError('introspection_unavailable', RETRY_AFTER_SECONDS, state);
  }
}
