import type { ResolvedIssuer } from '../core/issuer.options.js';
import type { AccessToken } from '../core/access-token.js';
import { type BoundToken, ProofVerifier } from '../dpop/proof-verifier.js';
import type { ResolvedGuardsOptions } from './guards.options.js';
import { type CredentialCarrier, type Credentials, readCredentials } from './credentials.js';
import type { TrustedIssuers } from './trusted-issuers.js';
import { InvalidToken, MissingToken } from './bearer-error.js';

/** What was found of a request, which its guards may ask more than once. */
interface CheckedProof {
  readonly proof: unknown;
  readonly token: string;
  readonly spending: void | Promise<void>;
}

/** Who may use a token: whoever has it, or only who proves to have the key that it is bound to (RFC 9449 §7). */
export class ProofOfPossession {
  private readonly checkedProofs = new WeakMap<CredentialCarrier, CheckedProof>();
  private readonly proofs: ProofVerifier | undefined;

  constructor(
    options: ResolvedGuardsOptions,
    private readonly issuers: TrustedIssuers,
  ) {
    this.proofs = options.dpop && new ProofVerifier(options);
  }

  /**
   * Where nobody checks proofs, the scheme `DPoP` is as unknown as any other.
   *
   * @throws MissingToken, InvalidRequest
   */
  readCredentials(request: CredentialCarrier): Credentials {
    const credentials = readCredentials(request);
    if (credentials.scheme === 'DPoP' && !this.proofs) throw new MissingToken();
    return credentials;
  }

  /**
   * At once where nothing has to be waited for.
   *
   * @throws InvalidToken, InvalidProof, NonceRequired, ProofsUnavailable
   */
  check(
    token: AccessToken,
    { scheme, token: text }: Credentials,
    request: CredentialCarrier,
  ): AccessToken | Promise<AccessToken> {
    if (scheme === 'Bearer') return this.checkBearer(token);
    const { boundTo } = token;
    if (boundTo === undefined || !this.proofs) throw new InvalidToken('unbound_token');
    const spent = this.checkProof(this.proofs, { token: text, boundTo }, request);
    return spent instanceof Promise ? spent.then(() => token) : token;
  }

  /** @throws InvalidToken */
  checkBearer(token: AccessToken): AccessToken {
    const issuer = this.issuers.named(token.issuer);
    checkUnbound(token, issuer?.rules ?? { requiresDpop: true });
    return token;
  }

  /** A proof is good for one request, and for all who ask about that request: a second guard, the messages of a socket. */
  private checkProof(proofs: ProofVerifier, bound: BoundToken, request: CredentialCarrier) {
    const proof = request.headers['dpop'];
    const before = this.checkedProofs.get(request);
    if (before?.proof === proof && before?.token === bound.token) return before.spending;
    const spent = proofs.check(request, bound).spend();
    this.checkedProofs.set(request, { proof, token: bound.token, spending: spent });
    return spent;
  }
}

/**
 * "… MUST reject a DPoP-bound access token received as a bearer token" (RFC 9449 §7.2).
 *
 * @throws InvalidToken
 */
export function checkUnbound(
  { boundTo }: Pick<AccessToken, 'boundTo'>,
  { requiresDpop }: Pick<ResolvedIssuer, 'requiresDpop'>,
): void {
  if (boundTo !== undefined) throw new InvalidToken('bound_token');
  if (requiresDpop) throw new InvalidToken('unbound_token');
}
