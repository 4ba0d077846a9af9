import type { AccessToken } from './access-token.js';
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
  decodeHeader,
  isCompactJws,
  type JoseHeader,
  parseCompactJws,
  readKeyId,
} from './jws.js';
import { checkUnbound, readAccessToken } from './read-access-token.js';
import type { JsonObject } from './strict-json.js';
import { TokenCache } from './token-cache.js';
import { quoteValue, TokenError, UnavailableError } from './token-error.js';
import type { IssuerRegistry, TrustedIssuer } from './trusted-issuer.js';
import { checkKey, type VerificationKey } from './verification-key.js';
import type { TokenDescription, Verifier } from './verifier.js';
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
export class AccessTokenVerifier implements Verifier {
  private readonly cache: TokenCache;
  private readonly opaque = new WeakSet<AccessToken>();
  /** Tokens whose signature a thread is checking. Requests that bring the same token meanwhile share the result. */
  private readonly pending = new Map<string, Promise<AccessToken>>();

  constructor(
    private readonly options: ResolvedVerifierOptions,
    readonly issuers: IssuerRegistry,
  ) {
    this.cache = new TokenCache(options.tokenCache.maxTokens);
  }

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
    const opaque = this.findOpaqueVerifier(token);
    if (opaque) return this.verifyOpaque(token, opaque);
    const jws = parseCompactJws(token);
    // The unverified `iss` only selects a trusted issuer. No request goes to any other address (RFC 8725 §3.8).
    const issuer = this.issuers.find(jws.claims['iss']);
    if (!(issuer instanceof Promise)) return this.verifyJws({ jws, digest }, issuer, at);
    return issuer.then((found) => this.verifyJws({ jws, digest }, found, at));
  }

  private verifyJws(
    { jws, digest }: Pick<UnverifiedToken, 'jws' | 'digest'>,
    issuer: TrustedIssuer | undefined,
    at: number,
  ): AccessToken | Promise<AccessToken> {
    if (!issuer) throw describeWrongIssuer(jws.claims, this.issuers);
    const jose = issuer.parseHeader(jws.header);
    const candidate = { jws, issuer, jose, digest };
    const key = issuer.keySet.findCached(jose.kid, at);
    if (key) return this.verifyWithKey(candidate, key);
    return issuer.keySet.find(jose.kid).then((found) => this.verifyWithKey(candidate, found));
  }

  private verifyWithKey(
    candidate: UnverifiedToken,
    key: VerificationKey | undefined,
  ): AccessToken | Promise<AccessToken> {
    const { jws, issuer, jose, digest = '' } = candidate;
    checkKey(jose, key, issuer.keySet);
    const shared = this.pending.get(digest);
    if (shared) return shared;
    const { signingInput, signature } = jws;
    const isValid = key.verify(signingInput, signature, this.options.maxPooledSignatures);
    if (!(isValid instanceof Promise)) return this.accept(candidate, key, isValid);
    const accepted = isValid
      .finally(() => this.pending.delete(digest))
      .then((verified) => this.accept(candidate, key, verified));
    if (digest) this.pending.set(digest, accepted);
    return accepted;
  }

  private accept(candidate: UnverifiedToken, key: VerificationKey, isValid: boolean): AccessToken {
    if (!isValid) throw new TokenError('bad_signature');
    const { jws, issuer, jose, digest } = candidate;
    issuer.rememberHeader(jws.header, jose);
    const token = this.checkBinding(readAccessToken(jws.claims, issuer.rules));
    const usableUntil = this.checkLifetime(token);
    const status = issuer.findStatus(token);
    status?.checkValid(this.options.monotonicNow());
    if (digest === undefined) return token;
    const cached = { token, usableUntil, key, kid: jose.kid, keySet: issuer.keySet, status };
    this.cache.set(digest, cached, this.options.now());
    return token;
  }

  private checkBinding(token: AccessToken): AccessToken {
    return this.options.acceptsBoundTokens ? token : checkUnbound(token);
  }

  /** RFC 7519 §4.1.4 to §4.1.6, within the tolerance. Returns the end of the lifetime, without tolerance. */
  private checkLifetime({ expiresAt, notBefore, issuedAt }: AccessToken): number {
    const lifetime = currentLifetimeLimits(this.options);
    checkExpiry(expiresAt, lifetime);
    checkMaxAge(issuedAt, lifetime);
    if (notBefore) checkNotBefore(notBefore, lifetime);
    checkIssuedAt(issuedAt, lifetime);
    return Math.min(expiresAt.getTime(), issuedAt.getTime() + lifetime.maxAge);
  }

  /** The verifier of this token, if it is not a JWT by its form. */
  private findOpaqueVerifier(token: string): Verifier | undefined {
    const { opaqueTokens, issuers, directory } = this.options;
    const acceptsJwts = issuers.length > 0 || directory !== undefined;
    return acceptsJwts && isCompactJws(token) ? undefined : opaqueTokens;
  }

  private verifyOpaque(text: string, verifier: Verifier): AccessToken | Promise<AccessToken> {
    const accept = (token: AccessToken) => {
      this.opaque.add(token);
      return this.checkBinding(token);
    };
    const token = verifier.verify(text);
    return token instanceof Promise ? token.then(accept) : accept(token);
  }

  remainingMs(token: AccessToken): number {
    if (this.opaque.has(token)) return this.options.opaqueTokens?.remainingMs(token) ?? 0;
    const { now, tolerance, maxAge } = currentLifetimeLimits(this.options);
    const { expiresAt, issuedAt } = token;
    const end = Math.min(expiresAt.getTime(), issuedAt.getTime() + maxAge) + tolerance;
    return Math.min(end - now, this.recheckMs(token));
  }

  /** The end of a session or of a tenant cannot be predicted, so both are checked at an interval. */
  private recheckMs(token: AccessToken): number {
    try {
      const status = this.issuers.named(token.issuer)?.findStatus(token);
      status?.checkValid(this.options.monotonicNow());
      const trustedMs = this.issuers.remainingTrustMs(token.issuer);
      return status ? Math.min(STATUS_RECHECK_MS, trustedMs) : trustedMs;
    } catch (error) {
      // The fetch under way decides, and not the pause of the process before it.
      if (error instanceof UnavailableError && error.state.refreshing) return STATUS_RECHECK_MS;
      if (error instanceof TokenError) return 0;
      throw error;
    }
  }

  /** Parses the token again, for refusals only, so that accepted calls store nothing for the log. */
  describe(token: string): TokenDescription {
    let issuer = this.issuers.only;
    let kid: string | undefined;
    try {
      checkLength(token, this.options);
      const opaque = this.findOpaqueVerifier(token);
      if (opaque) return opaque.describe(token);
      const { header, claims } = parseCompactJws(token);
      issuer = this.issuers.named(claims['iss']) ?? issuer;
      kid = readKeyId(decodeHeader(header));
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
    }
    return { ...(issuer && { issuer: issuer.rules.issuer }), ...(kid !== undefined && { kid }) };
  }

  async ready(): Promise<void> {
    await Promise.all([this.issuers.ready(), this.options.opaqueTokens?.ready()]);
  }

  close(): void {
    this.issuers.close();
    this.options.opaqueTokens?.close();
  }
}
