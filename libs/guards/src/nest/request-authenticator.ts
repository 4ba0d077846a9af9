import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import { TokenError } from '../core/token-error.js';
import { IssuerRegistry } from '../core/trusted-issuer.js';
import { StatusLists } from '../status/status-lists.js';
import { AccessTokenVerifier } from './temporary-verifier.js';
import { MissingToken, throwBearerError } from './bearer-error.js';
import { type CredentialCarrier, type Credentials, readCredentials } from './credentials.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';

/** The configured issuers as a provider. The `iss` of a token selects one of them and can add none. */
@Injectable()
export class TrustedIssuers extends IssuerRegistry implements OnModuleDestroy {
  readonly verifier: AccessTokenVerifier;

  constructor(@Inject(RESOLVED_OPTIONS) options: ResolvedGuardsOptions) {
    super(options, (rules, keySet) => new StatusLists(rules, options, keySet));
    this.verifier = new AccessTokenVerifier(options, this);
  }

  /**
   * Resolves when tokens of at least one issuer can be verified, and fetches missing keys and status lists. For
   * readiness probes.
   *
   * @throws KeysUnavailable or StatusUnavailable
   */
  override async ready(): Promise<void> {
    await super.ready().catch(throwBearerError);
  }

  onModuleDestroy(): void {
    this.close();
  }
}

/** Verifies the token of a request, for every door of the application: the guard, passport, and code of your own. */
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
      const credentials = this.readCredentials(request);
      const token = this.verifier.verify(credentials.token);
      if (!(token instanceof Promise)) return this.checkBinding(token, credentials, request);
      return token.then((verified) => this.checkBinding(verified, credentials, request));
    });
  }

  /**
   * Verifies a bearer token without a request.
   *
   * @throws BearerError
   */
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

  private readCredentials(request: CredentialCarrier): Credentials {
    const credentials = readCredentials(request);
    if (credentials.scheme === 'Bearer' || this.options.proofOfPossession) return credentials;
    throw new MissingToken(new Error('the scheme DPoP needs the part dpop and the option `dpop`'));
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

function checkUnbound(token: AccessToken): AccessToken {
  if (token.boundTo !== undefined) throw new TokenError('bound_token');
  return token;
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
