import {
  InvalidProof,
  NonceRequired,
  type Proof,
  ProofsUnavailable,
  ProofVerifier,
} from '@gatehouse/guards/dpop';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '../../platform/oauth-error.js';
import { type ProvenKey, setProvenKey } from './proven-key.js';

/** The header of a proof in the API description. */
export const ProofHeader = (): MethodDecorator =>
  ApiHeader({
    name: 'DPoP',
    required: false,
    description: 'A proof of the key to which the tokens will be bound (RFC 9449 §5)',
  });

/** Checks the DPoP proof at the token endpoint (RFC 9449 §5), after client authentication. */
@Injectable()
export class DpopProofGuard implements CanActivate {
  constructor(private readonly proofs: ProofVerifier) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (request.headers['dpop'] === undefined) return true;
    // Every answer carries the next nonce, so that clients rarely need a second attempt (§8.2).
    const { nonces } = this.proofs;
    if (nonces) void http.getResponse<FastifyReply>().header('DPoP-Nonce', nonces.current());
    setProvenKey(request, this.verifyProof(request));
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
