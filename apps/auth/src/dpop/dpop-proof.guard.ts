import {
  InvalidProof,
  NonceRequired,
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
import { authenticatedClient } from '../clients/client-authentication.guard.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';

const proven = new WeakMap<FastifyRequest, string>();

/** Thumbprint of the key that the client has proven to have; undefined where it sent no proof. */
export const ProvenKey = createParamDecorator((_: unknown, context: ExecutionContext) =>
  proven.get(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** Proof of possession at the token endpoint (RFC 9449 §5). It comes after {@link ClientAuthenticationGuard}. */
@Injectable()
export class DpopProofGuard implements CanActivate {
  constructor(private readonly proofs: ProofVerifier) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (request.headers['dpop'] === undefined) {
      // "dpop_bound_access_tokens: … the authorization server MUST reject token requests from this client that do not
      // contain the DPoP header" (§5.2).
      if (authenticatedClient(request)?.dpopBound) throw OAuthError.invalidDpopProof('no proof');
      return true;
    }
    // The next nonce comes with every answer, so that no client has to be refused first (§8.2).
    const { nonces } = this.proofs;
    if (nonces) void http.getResponse<FastifyReply>().header('DPoP-Nonce', nonces.current());
    proven.set(request, await this.verify(request));
    return true;
  }

  private async verify(request: FastifyRequest): Promise<string> {
    try {
      return await this.proofs.verify(request);
    } catch (error) {
      throw inWordsOfOAuth(error);
    }
  }
}

function inWordsOfOAuth(error: unknown): unknown {
  if (error instanceof NonceRequired) return OAuthError.useDpopNonce();
  if (error instanceof InvalidProof) return OAuthError.invalidDpopProof(error.reason);
  return error instanceof ProofsUnavailable ? error.cause : error;
}
