import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Passport } from 'passport';
import { Strategy } from 'passport-jwt';
import type { AccessToken } from '../core/access-token.js';
import { AccessTokenVerifier } from '../core/access-token-verifier.js';
import { BearerError, withBearerErrors } from './bearer-error.js';
import { type CredentialCarrier, readToken } from './credentials.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { ProofOfPossession } from './proof-of-possession.js';
import { TrustedIssuers } from './trusted-issuers.js';

/**
 * Verifies the token of a request. It extends passport-jwt's strategy and replaces its verifier, which parses key and
 * token on every request and checks neither `typ` nor `crit`.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy) {
  private readonly verifier: AccessTokenVerifier;
  private readonly proofOfPossession: ProofOfPossession;

  constructor(@Inject(GUARDS_OPTIONS) options: ResolvedGuardsOptions, issuers: TrustedIssuers) {
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
  throw new Error('AccessTokenStrategy looks keys up itself');
}
