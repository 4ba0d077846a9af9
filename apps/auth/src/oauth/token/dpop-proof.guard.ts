import {
  InvalidProof,
  NonceRequired,
  type Proof,
  ProofsUnavailable,
  ProofVerifier,
} from '@gatehouse/guards/dpop';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { getAuthenticatedClient } from '../../clients/client-authentication.guard.js';
import { OAuthError } from '../../platform/oauth-error.js';

/** The key of a valid DPoP proof. */
export interface ProvenKey {
  /** Its thumbprint (RFC 7638). */
  readonly jkt: string;
  /**
   * Marks the proof as used (RFC 9449 §11.1). Call it after all other checks and before the first irreversible step.
   * @throws {OAuthError} `invalid_dpop_proof` if the proof was used before
   */
  markProofUsed(): Promise<void>;
}

const provenKeys = new WeakMap<FastifyRequest, ProvenKey>();

/** @returns undefined if the client sent no proof */
export const getProvenKey = (request: FastifyRequest): ProvenKey | undefined =>
  provenKeys.get(request);

/** Checks the DPoP proof at the token endpoint (RFC 9449 §5), after client authentication. */
@Injectable()
export class DpopProofGuard implements CanActivate {
  constructor(private readonly proofs: ProofVerifier) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (request.headers['dpop'] === undefined) {
      // "… the authorization server MUST reject token requests from the client that do not contain the DPoP header" (§5.2).
      if (getAuthenticatedClient(request)?.dpopBound) throw describeFault('no_proof');
      return true;
    }
    // Every answer carries the next nonce, so that clients rarely need a second attempt (§8.2).
    const { nonces } = this.proofs;
    if (nonces) void http.getResponse<FastifyReply>().header('DPoP-Nonce', nonces.current());
    provenKeys.set(request, this.verifyProof(request));
    return true;
  }

  private verifyProof(request: FastifyRequest): ProvenKey {
    try {
      const proof = this.proofs.check(request);
      return { jkt: proof.thumbprint, markProofUsed: () => markUsed(proof) };
    } catch (error) {
      throw toOAuthError(error);
    }
  }
}

async function markUsed(proof: Proof): Promise<void> {
  try {
    await proof.spend();
  } catch (error) {
    throw toOAuthError(error);
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  no_proof: 'This client must send a DPoP proof.',
  malformed_proof: 'Send one DPoP header with a proof JWT that has a jwk, jti, htm, htu and iat.',
  bad_proof_signature: 'The signature of the DPoP proof does not match its jwk.',
  replayed_proof: 'The DPoP proof was used before.',
};
/** The causes of these name the values that differ. */
const FAULTS_OF_VALUES: readonly string[] = ['proof_for_another_request', 'proof_out_of_time'];

function describeFault(reason: string, cause?: unknown): OAuthError {
  const values = FAULTS_OF_VALUES.includes(reason) && cause instanceof Error ? cause.message : '';
  const description = FAULTS[reason] ?? `The DPoP proof is not valid: ${values || reason}.`;
  return OAuthError.invalidDpopProof(description, values ? `${reason}: ${values}` : reason);
}

/** Maps errors of the verifier to the error codes of RFC 6749 §5.2 and RFC 9449. */
function toOAuthError(error: unknown): unknown {
  if (error instanceof NonceRequired) return OAuthError.useDpopNonce();
  if (error instanceof InvalidProof) return describeFault(error.reason, error.cause);
  return error instanceof ProofsUnavailable ? error.cause : error;
}
