import type { ResolvedGuardsOptions } from '../guards.options.js';
import { type CredentialCarrier, type Credentials, credentialsOf } from '../http/credentials.js';
import type { ResolvedIssuer } from '../issuers/issuer.options.js';
import type { TrustedIssuers } from '../issuers/trusted-issuers.js';
import { InvalidToken, MissingToken } from '../refusals/bearer-error.js';
import type { AccessToken } from '../token/access-token.js';
import { type BoundToken, ProofVerifier } from './proof-verifier.js';

/** What was found of a request, which its guards may ask more than once. */
interface Shown {
  readonly proof: unknown;
  readonly token: string;
  readonly spent: void | Promise<void>;
}

/** Who may use a token: whoever has it, or only who proves to have the key that it is bound to (RFC 9449 §7). */
export class ProofOfPossession {
  private readonly shown = new WeakMap<CredentialCarrier, Shown>();
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
  credentialsOf(request: CredentialCarrier): Credentials {
    const credentials = credentialsOf(request);
    if (credentials.scheme === 'DPoP' && !this.proofs) throw new MissingToken();
    return credentials;
  }

  /**
   * At once where nothing has to be waited for.
   *
   * @throws InvalidToken, InvalidProof, NonceRequired, ProofsUnavailable
   */
  require(
    token: AccessToken,
    { scheme, token: text }: Credentials,
    request: CredentialCarrier,
  ): AccessToken | Promise<AccessToken> {
    if (scheme === 'Bearer') return this.requireAlone(token);
    const { boundTo } = token;
    if (boundTo === undefined || !this.proofs) throw new InvalidToken('unbound_token');
    const spent = this.show(this.proofs, { token: text, boundTo }, request);
    return spent instanceof Promise ? spent.then(() => token) : token;
  }

  /** @throws InvalidToken */
  requireAlone(token: AccessToken): AccessToken {
    const issuer = this.issuers.named(token.issuer);
    requireUnbound(token, issuer?.rules ?? { requiresDpop: true });
    return token;
  }

  /** A proof is good for one request, and for all who ask about that request: a second guard, the messages of a socket. */
  private show(proofs: ProofVerifier, bound: BoundToken, request: CredentialCarrier) {
    const proof = request.headers['dpop'];
    const before = this.shown.get(request);
    if (before?.proof === proof && before?.token === bound.token) return before.spent;
    const spent = proofs.check(request, bound).spend();
    this.shown.set(request, { proof, token: bound.token, spent });
    return spent;
  }
}

/**
 * "… MUST reject a DPoP-bound access token received as a bearer token" (RFC 9449 §7.2).
 *
 * @throws InvalidToken
 */
export function requireUnbound(
  { boundTo }: Pick<AccessToken, 'boundTo'>,
  { requiresDpop }: Pick<ResolvedIssuer, 'requiresDpop'>,
): void {
  if (boundTo !== undefined) throw new InvalidToken('bound_token');
  if (requiresDpop) throw new InvalidToken('unbound_token');
}
