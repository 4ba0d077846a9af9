import {
  InvalidProof,
  NonceRequired,
  type Proof,
  ProofsUnavailable,
  ProofVerifier,
} from '@gatehouse/guards/dpop';
import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { getAuthenticatedClient } from '../../clients/client-authentication.guard.js';
import { OAuthError } from '../../platform/oauth-error.js';

/** A key that the client has proven to have. */
export interface ProvenKey {
  /** Its thumbprint (RFC 7638). */
  readonly jkt: string;
  /**
   * Uses the proof up (RFC 9449 §11.1): after everything that a stranger could fail at, and before what cannot be taken back.
   * @throws {OAuthError} `invalid_dpop_proof` where it was used before
   */
  markProofUsed(): Promise<void>;
}

const provenKeys = new WeakMap<FastifyRequest, ProvenKey>();

/** Undefined where the client sent no proof. */
export const ProvenDpopKey = createParamDecorator((_: unknown, context: ExecutionContext) =>
  provenKeys.get(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** Proof of possession at the token endpoint (RFC 9449 §5). It comes after client authentication. */
@Injectable()
export class DpopProofGuard implements CanActivate {
  constructor(private readonly proofs: ProofVerifier) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (request.headers['dpop'] === undefined) {
      // "… the authorization server MUST reject token requests from the client that do not contain the DPoP header" (§5.2).
      if (getAuthenticatedClient(request)?.dpopBound) throw OAuthError.invalidDpopProof('no proof');
      return true;
    }
    // The next nonce comes with every answer, so that no client has to be refused first (§8.2).
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

/** In the words of RFC 6749 §5.2. */
function toOAuthError(error: unknown): unknown {
  if (error instanceof NonceRequired) return OAuthError.useDpopNonce();
  if (error instanceof InvalidProof) return OAuthError.invalidDpopProof(error.reason);
  return error instanceof ProofsUnavailable ? error.cause : error;
}
