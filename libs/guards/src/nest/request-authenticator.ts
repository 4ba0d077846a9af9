import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import type { AccessTokenVerifier } from '../core/access-token-verifier.js';
import { checkUnbound } from '../core/read-access-token.js';
import { TokenError } from '../core/token-error.js';
import { MissingToken, throwBearerError } from './bearer-error.js';
import { type CredentialCarrier, type Credentials, readCredentials } from './credentials.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { createVerifier } from './resolve-options.js';

const NO_DPOP = 'the scheme DPoP needs the part dpop and the option `dpop`';

/** The configured issuers as a provider. The `iss` of a token selects one of them and can add none. */
@Injectable()
export class TrustedIssuers implements OnModuleDestroy {
  readonly verifier: AccessTokenVerifier;

  constructor(@Inject(RESOLVED_OPTIONS) options: ResolvedGuardsOptions) {
    this.verifier = createVerifier(options);
  }

  /**
   * Resolves when tokens of at least one issuer can be verified, and fetches missing keys and status lists. For
   * readiness probes.
   *
   * @throws KeysUnavailable or StatusUnavailable
   */
  async ready(): Promise<void> {
    await this.verifier.ready().catch(throwBearerError);
  }

  /** Age of the oldest key set in use, in seconds; undefined before the first fetch. For monitoring. */
  get keySetAgeSeconds(): number | undefined {
    return this.verifier.issuers.keySetAgeSeconds;
  }

  /** Age of the oldest status list in use, in seconds; undefined before the first fetch. For monitoring. */
  get statusListAgeSeconds(): number | undefined {
    return this.verifier.issuers.statusListAgeSeconds;
  }

  onModuleDestroy(): void {
    this.verifier.close();
  }
}

/** Verifies the token of a request, for the guard, for passport, and for code of your own. */
@Injectable()
export class RequestAuthenticator {
  private readonly verifier: AccessTokenVerifier;

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedGuardsOptions,
    { verifier }: TrustedIssuers,
  ) {
    this.verifier = verifier;
  }

  /**
   * The token of the request, with its proof of possession. Returns a promise only when it must wait.
   *
   * @throws BearerError
   */
  verify(request: CredentialCarrier): AccessToken | Promise<AccessToken> {
    return withBearerErrors(() => {
      const credentials = readCredentials(request);
      if (credentials.scheme === 'DPoP' && !this.options.proofOfPossession) {
        throw new MissingToken(new Error(NO_DPOP));
      }
      const token = this.verifier.verify(credentials.token);
      if (!(token instanceof Promise)) return this.checkBinding(token, credentials, request);
      return token.then((verified) => this.checkBinding(verified, credentials, request));
    });
  }

  /** Verifies a bearer token without a request. @throws BearerError */
  verifyToken(token: string): AccessToken | Promise<AccessToken> {
    return withBearerErrors(() => {
      const verified = this.verifier.verify(token);
      return verified instanceof Promise ? verified.then(checkUnbound) : checkUnbound(verified);
    });
  }

  /** How long the token may be used before the caller must ask again, in milliseconds. */
  remainingMs(token: AccessToken): number {
    return this.verifier.remainingMs(token);
  }

  /** A bound token needs a proof of its key, and is never a bearer token (RFC 9449 §7). */
  private checkBinding(
    token: AccessToken,
    { scheme, token: text }: Credentials,
    request: CredentialCarrier,
  ): AccessToken | Promise<AccessToken> {
    const { proofOfPossession } = this.options;
    if (scheme === 'Bearer') return checkUnbound(token);
    const { boundTo } = token;
    if (boundTo === undefined || !proofOfPossession) throw new TokenError('unbound_token');
    const checked = proofOfPossession.check(request, { token: text, boundTo });
    return checked instanceof Promise ? checked.then(() => token) : token;
  }
}

/** Translates what a check of the core throws. A synchronous result stays synchronous. */
function withBearerErrors(
  verify: () => AccessToken | Promise<AccessToken>,
): AccessToken | Promise<AccessToken> {
  try {
    const result = verify();
    return result instanceof Promise ? result.catch(throwBearerError) : result;
  } catch (error) {
    return throwBearerError(error);
  }
}
