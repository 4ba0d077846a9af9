import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Passport } from 'passport';
import { Strategy } from 'passport-jwt';
import { ProofOfPossession } from './dpop/proof-of-possession.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { type CredentialCarrier, requireTokenSyntax, tokenOf } from './http/credentials.js';
import { readAccessToken } from './issuers/read-access-token.js';
import type { TrustedIssuer } from './issuers/trusted-issuer.js';
import { TrustedIssuers } from './issuers/trusted-issuers.js';
import { requireSignature } from './keys/require-signature.js';
import type { VerificationKey } from './keys/verification-key.js';
import { BearerError, InvalidToken } from './refusals/bearer-error.js';
import type { AccessToken } from './token/access-token.js';
import { type CompactJws, parseCompactJws, requireLength } from './token/compact-jws.js';
import type { JoseHeader } from './token/jose-header.js';
import {
  lifetimeNow,
  requireBegun,
  requireIssued,
  requireNotExpired,
  requireYoung,
} from './token/lifetime.js';
import { TokenCache } from './token/token-cache.js';

/** A connection asks this often whether the session of its token has ended. Nothing is fetched for it. */
const STATUS_RECHECK_MS = 1000;

/** A token that deserves a key: everything that can be refused without one has been. */
interface Candidate {
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
  private readonly possession: ProofOfPossession;

  constructor(
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
    private readonly issuers: TrustedIssuers,
  ) {
    super({ jwtFromRequest: tokenOf, secretOrKeyProvider: keysAreChosenByIssuer });
    this.cache = new TokenCache(options.tokenCache.maxTokens);
    this.possession = new ProofOfPossession(options, issuers);
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
    const credentials = this.possession.credentialsOf(request);
    const token = this.genuine(credentials.token);
    const require = (found: AccessToken) => this.possession.require(found, credentials, request);
    return token instanceof Promise ? token.then(require) : require(token);
  }

  /**
   * A token that comes alone, as a bearer token does.
   *
   * @throws BearerError
   */
  validate(token: string): AccessToken | Promise<AccessToken> {
    const found = this.genuine(token);
    const require = (bearer: AccessToken) => this.possession.requireAlone(bearer);
    return found instanceof Promise ? found.then(require) : require(found);
  }

  /** Whoever sent it. */
  private genuine(token: string): AccessToken | Promise<AccessToken> {
    requireLength(token, this.options);
    const now = this.options.now();
    const digest = this.cache.digest(token);
    const known = digest === undefined ? undefined : this.cache.recall(digest, now);
    if (known) return known;

    requireTokenSyntax(token);
    const candidate = this.candidate(token, digest);
    const { issuer, jose } = candidate;
    const key = issuer.keySet.current(jose.kid, now);
    if (key) return this.accept(candidate, key);
    return issuer.keySet.find(jose.kid).then((found) => this.accept(candidate, found));
  }

  private candidate(token: string, digest: string | undefined): Candidate {
    const jws = parseCompactJws(token);
    // Unverified, this only chooses among the issuers we trust; nobody is asked who is not one (RFC 8725 §3.8).
    const issuer = this.issuers.named(jws.claims['iss']);
    if (!issuer) throw new InvalidToken('wrong_issuer');
    return { jws, issuer, jose: issuer.header(jws.header), digest };
  }

  private accept(candidate: Candidate, key: VerificationKey | undefined): AccessToken {
    const { jws, issuer, jose, digest } = candidate;
    requireSignature(candidate, key);
    issuer.rememberHeader(jws.header, jose);
    const token = readAccessToken(jws.claims, issuer.rules);
    const until = this.requireCurrent(token);
    const now = this.options.now();
    const status = issuer.statusLists.of(token);
    status?.requireValid(now);
    if (digest !== undefined) {
      const { keySet } = issuer;
      this.cache.remember(digest, { token, until, key, kid: jose.kid, keySet, status }, now);
    }
    return token;
  }

  /** For how long the token will be accepted, in milliseconds; to be asked again then. */
  remainingMs(token: AccessToken): number {
    const { now, tolerance, maxAge } = lifetimeNow(this.options);
    const { expiresAt, issuedAt } = token;
    const remaining = Math.min(expiresAt.getTime(), issuedAt.getTime() + maxAge) + tolerance - now;
    return Math.min(remaining, this.undisturbedMs(token, now));
  }

  /** Nobody knows when a session will end. */
  private undisturbedMs(token: AccessToken, now: number): number {
    try {
      const status = this.issuers.named(token.issuer)?.statusLists.of(token);
      status?.requireValid(now);
      return status ? STATUS_RECHECK_MS : Infinity;
    } catch (error) {
      if (error instanceof BearerError) return 0;
      throw error;
    }
  }

  /** RFC 7519 §4.1.4 to §4.1.6, within the tolerance. Returns when it ends, without tolerance. */
  private requireCurrent({ expiresAt, notBefore, issuedAt }: AccessToken): number {
    const lifetime = lifetimeNow(this.options);
    requireNotExpired(expiresAt, lifetime);
    requireYoung(issuedAt, lifetime);
    requireBegun(notBefore, lifetime);
    requireIssued(issuedAt, lifetime);
    return Math.min(expiresAt.getTime(), issuedAt.getTime() + lifetime.maxAge);
  }
}

/** passport-jwt demands a key at the start, and this strategy does not ask it to verify. */
function keysAreChosenByIssuer(): never {
  throw new Error('AccessTokenStrategy looks keys up itself');
}
