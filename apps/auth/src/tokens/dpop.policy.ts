import type { DpopOptions } from '@gatehouse/guards/dpop';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { ServerSecrets } from '../platform/server-secrets.js';
import { ReplayCacheRepository } from './replay-cache.repository.js';

/** Signature algorithms of DPoP proofs. */
export const PROOF_ALGORITHMS = ['ES256', 'PS256', 'RS256'] as const;

/** One policy for the token endpoint and the routes that accept access tokens. Replicas share the server secret and the database. */
@Injectable()
export class DpopPolicy {
  readonly dpop: DpopOptions;

  constructor(
    @Inject(AUTH_CONFIG) { ISSUER, DPOP_NONCE_TTL }: AuthConfig,
    secrets: ServerSecrets,
    replayCache: ReplayCacheRepository,
  ) {
    this.dpop = {
      baseUrl: ISSUER,
      algorithms: PROOF_ALGORITHMS,
      usedProofs: { use: (id, goodUntil) => replayCache.markUsed('dpop proof', id, goodUntil) },
      requiresNonce: DPOP_NONCE_TTL > 0,
      nonceLifetimeSeconds: DPOP_NONCE_TTL || undefined,
      nonceSecrets: [...secrets.derive('dpop nonce').all.values()].map(({ key }) => key),
    };
  }
}
