import type { CredentialCarrier } from '../nest/credentials.js';
import type { ResolvedGuardsOptions } from '../nest/guards.options.js';
import type { BoundToken, ProofOfPossession } from '../nest/proof-of-possession.js';
import type { ResolvedDpopOptions } from './dpop.options.js';
import { ProofVerifier } from './proof-verifier.js';

/** The checked proof of a request. */
interface CheckedProof {
  readonly proof: unknown;
  readonly token: string;
  readonly spending: void | Promise<void>;
}

/** Accepts bound tokens with a proof of their key (RFC 9449 §7). */
export class DpopProofOfPossession implements ProofOfPossession {
  readonly isRequired: boolean;
  readonly challenge: ProofOfPossession['challenge'];
  readonly metadata: ProofOfPossession['metadata'];
  private readonly proofs: ProofVerifier;
  private readonly checkedProofs = new WeakMap<CredentialCarrier, CheckedProof>();

  constructor(options: ResolvedGuardsOptions & { readonly dpop: ResolvedDpopOptions }) {
    const { dpop, issuers } = options;
    this.proofs = new ProofVerifier(options);
    this.isRequired = issuers.length > 0 && issuers.every(({ requiresDpop }) => requiresDpop);
    this.challenge = { algs: dpop.algorithms.join(' ') };
    this.metadata = {
      dpop_signing_alg_values_supported: dpop.algorithms,
      dpop_bound_access_tokens_required: this.isRequired,
    };
  }

  /** A proof is valid for one request, which a second guard or the messages of a socket may check again. */
  check(request: CredentialCarrier, bound: BoundToken): void | Promise<void> {
    const proof = request.headers['dpop'];
    const before = this.checkedProofs.get(request);
    if (before?.proof === proof && before?.token === bound.token) return before.spending;
    const spending = this.proofs.check(request, bound).spend();
    this.checkedProofs.set(request, { proof, token: bound.token, spending });
    return spending;
  }

  /** Sends the next nonce with the answer, so that the client is not refused first (RFC 9449 §8.2). */
  answerHeaders(): Readonly<Record<string, string>> {
    const { nonces } = this.proofs;
    return nonces ? { 'DPoP-Nonce': nonces.current() } : {};
  }
}
