import { Inject, Injectable } from '@nestjs/common';
import { GuardsConfigurationError } from '../core/option-validation.js';
import { type BoundToken, DpopProofVerifier, type Proof } from '../dpop/proof-verifier.js';
import { throwBearerError } from './bearer-error.js';
import type { CredentialCarrier } from './credentials.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';

/** Checks proofs of possession for an application that has no access token yet, such as a token endpoint. */
@Injectable()
export class ProofVerifier extends DpopProofVerifier {
  /** @throws GuardsConfigurationError without the option `dpop` */
  constructor(@Inject(RESOLVED_OPTIONS) options: ResolvedGuardsOptions) {
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
      return { ...proof, spend: () => spendProof(proof) };
    } catch (error) {
      return throwBearerError(error);
    }
  }
}

/** Returns a promise only when the store of used proofs does. */
function spendProof(proof: Proof): void | Promise<void> {
  try {
    const spent = proof.spend();
    return spent instanceof Promise ? spent.catch(throwBearerError) : spent;
  } catch (error) {
    return throwBearerError(error);
  }
}
