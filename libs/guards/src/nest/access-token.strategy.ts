import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Passport } from 'passport';
import { Strategy } from 'passport-jwt';
import { type AccessToken, checkUnbound } from '../core/access-token.js';
import { AccessTokenVerifier } from '../core/access-token-verifier.js';
import { TokenError } from '../core/token-error.js';
import type { IssuerRegistry } from '../core/trusted-issuer.js';
import { type BoundToken, DpopProofVerifier } from '../dpop/proof-verifier.js';
import { BearerError, MissingToken, throwBearerError } from './bearer-error.js';
import {
  type CredentialCarrier,
  type Credentials,
  readCredentials,
  readToken,
} from './credentials.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { TrustedIssuers } from './trusted-issuers.js';

/** The checked proof of a request, because several guards may ask about the same request. */
interface CheckedProof {
  readonly proof: unknown;
  readonly token: string;
  readonly spending: void | Promise<void>;
}

/** Decides whether the sender may use a token: a bound token needs a proof of its key (RFC 9449 §7). */
class ProofOfPossession {
  private readonly checkedProofs = new WeakMap<CredentialCarrier, CheckedProof>();
  private readonly proofs: DpopProofVerifier | undefined;

  constructor(
    options: ResolvedGuardsOptions,
    private readonly issuers: IssuerRegistry,
  ) {
    const { dpop } = options;
    this.proofs = dpop && new DpopProofVerifier({ ...options, dpop });
  }

  /**
   * Without the option `dpop`, the scheme `DPoP` is as unknown as any other.
   *
   * @throws MissingToken, InvalidRequest
   */
  readCredentials(request: CredentialCarrier): Credentials {
    const credentials = readCredentials(request);
    if (credentials.scheme === 'DPoP' && !this.proofs) throw new MissingToken();
    return credentials;
  }

  /**
   * Returns a promise only when the store of used proofs does.
   *
   * @throws TokenError
   */
  check(
    token: AccessToken,
    { scheme, token: text }: Credentials,
    request: CredentialCarrier,
  ): AccessToken | Promise<AccessToken> {
    if (scheme === 'Bearer') return this.checkBearer(token);
    const { boundTo } = token;
    if (boundTo === undefined || !this.proofs) throw new TokenError('unbound_token');
    const spent = this.checkProof(this.proofs, { token: text, boundTo }, request);
    return spent instanceof Promise ? spent.then(() => token) : token;
  }

  /** @throws TokenError */
  checkBearer(token: AccessToken): AccessToken {
    const issuer = this.issuers.named(token.issuer);
    checkUnbound(token, issuer?.rules ?? { requiresDpop: true });
    return token;
  }

  /** A proof is valid for one request, which a second guard or the messages of a socket may check again. */
  private checkProof(proofs: DpopProofVerifier, bound: BoundToken, request: CredentialCarrier) {
    const proof = request.headers['dpop'];
    const before = this.checkedProofs.get(request);
    if (before?.proof === proof && before?.token === bound.token) return before.spending;
    const spent = proofs.check(request, bound).spend();
    this.checkedProofs.set(request, { proof, token: bound.token, spending: spent });
    return spent;
  }
}

/**
 * Verifies the token of a request. It extends passport-jwt's strategy and replaces its verifier, which parses key and
 * token on every request and checks neither `typ` nor `crit`.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy) {
  private readonly verifier: AccessTokenVerifier;
  private readonly proofOfPossession: ProofOfPossession;

  constructor(@Inject(RESOLVED_OPTIONS) options: ResolvedGuardsOptions, issuers: TrustedIssuers) {
    super({ jwtFromRequest: readToken, secretOrKeyProvider: rejectKeyLookup });
    this.verifier = new AccessTokenVerifier(options, issuers);
    this.proofOfPossession = new ProofOfPossession(options, issuers);
  }

  /** An instance for this application, because passport's default registry is shared by the whole process. */
  getPassportInstance() {
    return new Passport();
  }

  /** The entry point of passport. */
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
   * The token of the request, with its proof of possession. Returns a promise only when it must wait.
   *
   * @throws BearerError
   */
  verify(request: CredentialCarrier): AccessToken | Promise<AccessToken> {
    return withBearerErrors(() => {
      const credentials = this.proofOfPossession.readCredentials(request);
      const token = this.verifier.verify(credentials.token);
      const check = (verified: AccessToken) =>
        this.proofOfPossession.check(verified, credentials, request);
      return token instanceof Promise ? token.then(check) : check(token);
    });
  }

  /**
   * Verifies a bearer token without a request.
   *
   * @throws BearerError
   */
  validate(token: string): AccessToken | Promise<AccessToken> {
    return withBearerErrors(() => {
      const verified = this.verifier.verify(token);
      const check = (bearer: AccessToken) => this.proofOfPossession.checkBearer(bearer);
      return verified instanceof Promise ? verified.then(check) : check(verified);
    });
  }

  /** How long the token may be used before the caller must ask again, in milliseconds. */
  remainingMs(token: AccessToken): number {
    return this.verifier.remainingMs(token);
  }
}

/** passport-jwt requires a key at construction. This strategy never lets it verify. */
function rejectKeyLookup(): never {
  throw new Error('AccessTokenStrategy finds its keys without passport-jwt');
}

/** Runs a check of the core, and translates what it throws. A synchronous result stays synchronous. */
function withBearerErrors<T>(check: () => T | Promise<T>): T | Promise<T> {
  try {
    const result = check();
    return result instanceof Promise ? result.catch(throwBearerError) : result;
  } catch (error) {
    return throwBearerError(error);
  }
}
