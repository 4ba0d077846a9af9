import { GuardsModule, type Rejection } from '@gatehouse/guards';
import type { DpopOptions } from '@gatehouse/guards/dpop';
import { Clock } from '@gatehouse/service-kit';
import { type DynamicModule, Logger } from '@nestjs/common';
import type { AuthConfig } from '../auth.config.js';
import { ServerSecrets } from '../platform/server-secrets.js';
import { SigningKeyService } from './keys/signing-key.service.js';
import { ReplayCacheRepository } from './replay-cache.repository.js';
import { TokensModule } from './tokens.module.js';

/** Signature algorithms of DPoP proofs. */
export const PROOF_ALGORITHMS = ['ES256', 'PS256', 'RS256'] as const;

/** One policy for the token endpoint and the routes that accept access tokens. Replicas share the server secret and the database. */
export const createDpopOptions = (
  config: AuthConfig,
  secrets: ServerSecrets,
  replayCache: ReplayCacheRepository,
): DpopOptions => ({
  baseUrl: config.ISSUER,
  algorithms: PROOF_ALGORITHMS,
  usedProofs: { use: (id, goodUntil) => replayCache.markUsed('dpop proof', id, goodUntil) },
  requiresNonce: config.DPOP_NONCE_TTL > 0,
  nonceLifetimeSeconds: config.DPOP_NONCE_TTL || undefined,
  nonceSecrets: [...secrets.derive('dpop nonce').all.values()].map(({ key }) => key),
});

const logger = new Logger('Access');

/** The log names the rule that the token broke, the values that differ, and the request. */
function logRejection({ reason, kid, cause, request }: Rejection): void {
  const why = cause instanceof Error ? cause.message : undefined;
  const names = request && { reqId: request.id, method: request.method, path: request.path };
  logger.log({ msg: 'refused', refused: reason, kid, why, ...names });
}

/** Guards of the routes where this server is a resource server: sessions and passwords of users. It verifies with its own keys. */
export const createGuardsModule = (config: AuthConfig): DynamicModule =>
  GuardsModule.forRootAsync({
    imports: [TokensModule],
    inject: [SigningKeyService, Clock, ServerSecrets, ReplayCacheRepository],
    useFactory: (keys, clock, secrets, replayCache) => ({
      issuer: config.ISSUER,
      audience: config.ISSUER,
      keys: () => keys.keySet,
      // The routes ask the database whether the session is active, so the status list adds nothing.
      ignoresTokenStatus: true,
      algorithms: ['ES256', 'RS256'],
      dpop: createDpopOptions(config, secrets, replayCache),
      now: () => clock.now(),
      monotonicNow: () => clock.monotonic(),
      onRejected: logRejection,
    }),
  });
