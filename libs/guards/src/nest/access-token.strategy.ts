import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Passport } from 'passport';
import { Strategy } from 'passport-jwt';
import { type AccessToken, readAccessToken } from '../core/access-token.js';
import type { TrustedIssuer } from '../core/trusted-issuer.js';
import { checkSignature, type VerificationKey } from '../core/verification-key.js';
import { checkLength, type CompactJws, parseCompactJws } from '../core/compact-jws.js';
import type { JoseHeader } from '../core/jose-header.js';
import {
  checkExpiry,
  checkIssuedAt,
  checkMaxAge,
  checkNotBefore,
  currentLifetimeLimits,
} from '../core/lifetime.js';
import { TokenCache } from '../core/token-cache.js';
import { ProofOfPossession } from './proof-of-possession.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { checkTokenSyntax, type CredentialCarrier, readToken } from './credentials.js';
import { TrustedIssuers } from './trusted-issuers.js';
import { BearerError, InvalidToken } from './bearer-error.js';

/** A connection asks this often whether the session of its token has ended. Nothing is fetched for it. */
const STATUS_RECHECK_MS = 1000;

/** A token that deserves a key: everything that can be refused without one has been. */
interface UnverifiedToken {
  readonly jws: CompactJws;
  readonly issuer: TrustedIssuer;
  readonly jose: JoseHeader;
  /** Its name in the cache. */
  readonly digest: string | undefined;
}

/**
 * passport-jwt's strategy with a verifier of our own: the one that it calls parses the key and the token again on
 * every request, and knows neither `typ` nor `crit`. The order is that of RFC 9068 §4, cheap checks first.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy) {
  private readonly cache: TokenCache;
  private readonly proofOfPossession: ProofOfPossession;

  constructor(
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
    private readonly issuers: TrustedIssuers,
  ) {
    super({ jwtFromRequest: readToken, secretOrKeyProvider: rejectKeyLookup });
    this.cache = new TokenCache(options.tokenCache.maxTokens);
    this.proofOfPossession = new ProofOfPossession(options, issuers);
  }

  /** passport's own registry is process-wide, where two applications would see each other's strategies. */
  getPassportInstance() {
    return new Passport();
  }

  /** For whoever runs the strategy through passport. */
  override authenticate(request: CredentialCarrier): void {
    Promise.resolve()
      .then(() => this.verify(request))
      .then(
        (token) => this.success(token),
        (error) =>
          error instanceof BearerError ? this.fail(error, error.getStatus()) : this.error(error),
      );
  }

  /**
   * The token of the request, if it is good. At once where nothing has to be waited for.
   *
   * @throws BearerError
   */
  verify(request: CredentialCarrier): AccessToken | Promise<AccessToken> {
    const credentials = this.proofOfPossession.readCredentials(request);
    const token = this.verifySigned(credentials.token);
    const require = (found: AccessToken) =>
      this.proofOfPossession.check(found, credentials, request);
    return token instanceof Promise ? token.then(require) : require(token);
  }

  /**
   * A token that comes alone, as a bearer token does.
   *
   * @throws BearerError
   */
  validate(token: string): AccessToken | Promise<AccessToken> {
    const found = this.verifySigned(token);
    const require = (bearer: AccessToken) => this.proofOfPossession.checkBearer(bearer);
    return found instanceof Promise ? found.then(require) : require(found);
  }

  /** Whoever sent it. */
  private verifySigned(token: string): AccessToken | Promise<AccessToken> {
    checkLength(token, this.options);
    const now = this.options.now();
    const digest = this.cache.digestOf(token);
    const known = digest === undefined ? undefined : this.cache.get(digest, now);
    if (known) return known;

    checkTokenSyntax(token);
    const candidate = this.parseToken(token, digest);
    const { issuer, jose } = candidate;
    const key = issuer.keySet.findCached(jose.kid, now);
    if (key) return this.verifyWithKey(candidate, key);
    return issuer.keySet.find(jose.kid).then((found) => this.verifyWithKey(candidate, found));
  }

  private parseToken(token: string, digest: string | undefined): UnverifiedToken {
    const jws = parseCompactJws(token);
    // Unverified, this only chooses among the issuers we trust; nobody is asked who is not one (RFC 8725 §3.8).
    const issuer = this.issuers.named(jws.claims['iss']);
    if (!issuer) throw new InvalidToken('wrong_issuer');
    return { jws, issuer, jose: issuer.parseHeader(jws.header), digest };
  }

  private verifyWithKey(candidate: UnverifiedToken, key: VerificationKey | undefined): AccessToken {
    const { jws, issuer, jose, digest } = candidate;
    checkSignature(candidate, key);
    issuer.rememberHeader(jws.header, jose);
    const token = readAccessToken(jws.claims, issuer.rules);
    const until = this.checkLifetime(token);
    const now = this.options.now();
    const status = issuer.statusLists.findStatus(token);
    status?.checkValid(now);
    if (digest !== undefined) {
      const { keySet } = issuer;
      this.cache.set(
        digest,
        { token, usableUntil: until, key, kid: jose.kid, keySet, status },
        now,
      );
    }
    return token;
  }

  /** For how long the token will be accepted, in milliseconds; to be asked again then. */
  remainingMs(token: AccessToken): number {
    const { now, tolerance, maxAge } = currentLifetimeLimits(this.options);
    const { expiresAt, issuedAt } = token;
    const remaining = Math.min(expiresAt.getTime(), issuedAt.getTime() + maxAge) + tolerance - now;
    return Math.min(remaining, this.statusRecheckMs(token, now));
  }

  /** Nobody knows when a session will end. */
  private statusRecheckMs(token: AccessToken, now: number): number {
    try {
      const status = this.issuers.named(token.issuer)?.statusLists.findStatus(token);
      status?.checkValid(now);
      return status ? STATUS_RECHECK_MS : Infinity;
    } catch (error) {
      if (error instanceof BearerError) return 0;
      throw error;
    }
  }

  /** RFC 7519 §4.1.4 to §4.1.6, within the tolerance. Returns when it ends, without tolerance. */
  private checkLifetime({ expiresAt, notBefore, issuedAt }: AccessToken): number {
    const lifetime = currentLifetimeLimits(this.options);
    checkExpiry(expiresAt, lifetime);
    checkMaxAge(issuedAt, lifetime);
    checkNotBefore(notBefore, lifetime);
    checkIssuedAt(issuedAt, lifetime);
    return Math.min(expiresAt.getTime(), issuedAt.getTime() + lifetime.maxAge);
  }
}

/** passport-jwt demands a key at the start, and this strategy does not ask it to verify. */
function rejectKeyLookup(): never {
  throw new Error('AccessTokenStrategy looks keys up itself');
}
