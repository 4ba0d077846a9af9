import { type AccessToken, readAccessToken } from './access-token.js';
import {
  checkExpiry,
  checkIssuedAt,
  checkMaxAge,
  checkNotBefore,
  currentLifetimeLimits,
} from './claims.js';
import {
  checkLength,
  checkTokenSyntax,
  type CompactJws,
  type JoseHeader,
  parseCompactJws,
} from './jws.js';
import type { JsonObject } from './strict-json.js';
import { TokenCache } from './token-cache.js';
import { quoteValue, TokenError, UnavailableError } from './token-error.js';
import type { IssuerRegistry, TrustedIssuer } from './trusted-issuer.js';
import { checkSignature, type VerificationKey } from './verification-key.js';
import type { ResolvedVerifierOptions } from './verifier.options.js';

/** An open connection checks the status of its token at this interval. The check fetches nothing. */
const STATUS_RECHECK_MS = 1000;

/** A token that passed every check that needs no key. */
interface UnverifiedToken {
  readonly jws: CompactJws;
  readonly issuer: TrustedIssuer;
  readonly jose: JoseHeader;
  /** Its key in the cache. */
  readonly digest: string | undefined;
}

export function describeWrongIssuer({ iss }: JsonObject, { names }: IssuerRegistry): TokenError {
  const trusted = `and the trusted issuers are ${quoteValue(names)}`;
  return TokenError.because('wrong_issuer', `iss is ${quoteValue(iss)}, ${trusted}`);
}

/** Verifies access tokens in the order of RFC 9068 §4, with cheap checks first. Does not look at how a token is sent. */
export class AccessTokenVerifier {
  private readonly cache: TokenCache;

  constructor(
    private readonly options: ResolvedVerifierOptions,
    private readonly issuers: IssuerRegistry,
  ) {
    this.cache = new TokenCache(options.tokenCache.maxTokens);
  }

  /**
   * Returns a promise only when keys must be fetched first.
   *
   * @throws TokenError
   */
  verify(token: string): AccessToken | Promise<AccessToken> {
    try {
      const result = this.verifyNow(token);
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => this.verifyAfterRefresh(error, token));
    } catch (error) {
      return this.verifyAfterRefresh(error, token);
    }
  }

  /** After a pause of the process the data is old although the issuer answers, so the check waits once for the fetch. */
  private verifyAfterRefresh(error: unknown, token: string): Promise<AccessToken> {
    const refreshing = error instanceof UnavailableError ? error.state.refreshing : undefined;
    if (!refreshing) throw error;
    return refreshing.then(() => this.verifyNow(token));
  }

  private verifyNow(token: string): AccessToken | Promise<AccessToken> {
    checkLength(token, this.options);
    const now = this.options.now();
    const at = this.options.monotonicNow();
    const digest = this.cache.digestOf(token);
    const known = digest === undefined ? undefined : this.cache.get(digest, now, at);
    if (known) return known;

    checkTokenSyntax(token);
    const candidate = this.parseToken(token, digest);
    const { issuer, jose } = candidate;
    const key = issuer.keySet.findCached(jose.kid, at);
    if (key) return this.verifyWithKey(candidate, key);
    return issuer.keySet.find(jose.kid).then((found) => this.verifyWithKey(candidate, found));
  }

  private parseToken(token: string, digest: string | undefined): UnverifiedToken {
    const jws = parseCompactJws(token);
    // The unverified `iss` only selects a trusted issuer. No request goes to any other address (RFC 8725 §3.8).
    const issuer = this.issuers.named(jws.claims['iss']);
    if (!issuer) throw describeWrongIssuer(jws.claims, this.issuers);
    return { jws, issuer, jose: issuer.parseHeader(jws.header), digest };
  }

  private verifyWithKey(candidate: UnverifiedToken, key: VerificationKey | undefined): AccessToken {
    const { jws, issuer, jose, digest } = candidate;
    checkSignature(candidate, key, issuer.keySet);
    issuer.rememberHeader(jws.header, jose);
    const token = readAccessToken(jws.claims, issuer.rules);
    const usableUntil = this.checkLifetime(token);
    const status = issuer.statusLists.findStatus(token);
    status?.checkValid(this.options.monotonicNow());
    if (digest !== undefined) {
      const { keySet } = issuer;
      const cached = { token, usableUntil, key, kid: jose.kid, keySet, status };
      this.cache.set(digest, cached, this.options.now());
    }
    return token;
  }

  /** RFC 7519 §4.1.4 to §4.1.6, within the tolerance. Returns the end of the lifetime, without tolerance. */
  private checkLifetime({ expiresAt, notBefore, issuedAt }: AccessToken): number {
    const lifetime = currentLifetimeLimits(this.options);
    checkExpiry(expiresAt, lifetime);
    checkMaxAge(issuedAt, lifetime);
    checkNotBefore(notBefore, lifetime);
    checkIssuedAt(issuedAt, lifetime);
    return Math.min(expiresAt.getTime(), issuedAt.getTime() + lifetime.maxAge);
  }

  /** How long the token may be used before the caller must ask again, in milliseconds. */
  remainingMs(token: AccessToken): number {
    const { now, tolerance, maxAge } = currentLifetimeLimits(this.options);
    const { expiresAt, issuedAt } = token;
    const remaining = Math.min(expiresAt.getTime(), issuedAt.getTime() + maxAge) + tolerance - now;
    return Math.min(remaining, this.statusRecheckMs(token));
  }

  /** The end of a session cannot be predicted, so the status is checked at an interval. */
  private statusRecheckMs(token: AccessToken): number {
    try {
      const status = this.issuers.named(token.issuer)?.statusLists.findStatus(token);
      status?.checkValid(this.options.monotonicNow());
      return status ? STATUS_RECHECK_MS : Infinity;
    } catch (error) {
      // The fetch under way decides, and not the pause of the process before it.
      if (error instanceof UnavailableError && error.state.refreshing) return STATUS_RECHECK_MS;
      if (error instanceof TokenError) return 0;
      throw error;
    }
  }
}
