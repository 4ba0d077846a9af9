import { Inject, Injectable } from '@nestjs/common';
import { type AccessToken, checkUnbound } from '../core/access-token.js';
import { GuardsConfigurationError } from '../core/option-validation.js';
import { TokenError } from '../core/token-error.js';
import type { IssuerRegistry } from '../core/trusted-issuer.js';
import { type BoundToken, DpopProofVerifier, type Proof } from '../dpop/proof-verifier.js';
import { MissingToken, toBearerError, withBearerErrors } from './bearer-error.js';
import { type CredentialCarrier, type Credentials, readCredentials } from './credentials.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';

/** Checks proofs of possession for an application that has no access token yet, such as a token endpoint. */
@Injectable()
export class ProofVerifier extends DpopProofVerifier {
  /** @throws GuardsConfigurationError without the option `dpop` */
  constructor(@Inject(GUARDS_OPTIONS) options: ResolvedGuardsOptions) {
    const { dpop } = options;
    if (!dpop) throw new GuardsConfigurationError(['set `dpop`, so that proofs can be verified']);
    super({ ...options, dpop });
  }

  /**
   * @param bound omitted at a token endpoint, where no token exists yet
   * @returns the proof of this request; {@link Proof.spend} detects a replay
   * @throws InvalidProof, NonceRequired, or InvalidToken when the token is bound to another key
   */
  override check(request: CredentialCarrier, bound?: BoundToken): Proof {
    try {
      const proof = super.check(request, bound);
      return { ...proof, spend: () => withBearerErrors(() => proof.spend()) };
    } catch (error) {
      throw toBearerError(error);
    }
  }
}

/** The checked proof of a request, because several guards may ask about the same request. */
interface CheckedProof {
  readonly proof: unknown;
  readonly token: string;
  readonly spending: void | Promise<void>;
}

/** Decides whether the sender may use a token: a bound token needs a proof of its key (RFC 9449 §7). */
export class ProofOfPossession {
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
