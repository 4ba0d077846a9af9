import { option } from '../core/options.js';
import type { OptionPart } from '../core/trusted-issuer.js';
import type { BoundToken, CredentialCarrier, ProofOfPossession } from '../nest/credentials.js';
import { DPOP_OPTIONS, findDpopFaults, type ProofOptions, resolveDpop } from './dpop.options.js';
import { ProofVerifier } from './proof-verifier.js';

/** The checked proof of a request. */
interface CheckedProof {
  readonly proof: unknown;
  readonly token: string;
  readonly spending: void | Promise<void>;
}

/** Accepts bound tokens with a proof of their key (RFC 9449 §7). */
class DpopProofOfPossession implements ProofOfPossession {
  readonly isRequired: boolean;
  readonly challenge: ProofOfPossession['challenge'];
  readonly metadata: ProofOfPossession['metadata'];
  private readonly proofs: ProofVerifier;
  private readonly checkedProofs = new WeakMap<CredentialCarrier, CheckedProof>();

  constructor(options: ProofOptions) {
    const { dpop: { algorithms = [] } = {}, issuers } = options;
    this.proofs = new ProofVerifier(options);
    this.isRequired = issuers.length > 0 && issuers.every(({ requiresDpop }) => requiresDpop);
    this.challenge = { algs: algorithms.join(' ') };
    this.metadata = {
      dpop_signing_alg_values_supported: algorithms,
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

/** Adds the option `dpop`. */
export const dpop: OptionPart = {
  options: { dpop: option.optionalObject(DPOP_OPTIONS) },
  resolve: resolvePart,
  findFaults: findDpopFaults,
};

function resolvePart(read: ProofOptions): object {
  if (!read.dpop) return {};
  const resolved = resolveDpop(read.dpop, read.audience);
  return {
    dpop: resolved,
    proofOfPossession: new DpopProofOfPossession({ ...read, dpop: resolved }),
  };
}
