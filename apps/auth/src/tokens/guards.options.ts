import { GuardsModule, type Rejection } from '@gatehouse/guards';
import type { DpopOptions } from '@gatehouse/guards/dpop';
import { Clock } from '@gatehouse/service-kit';
import { type DynamicModule, Logger } from '@nestjs/common';
import type { AuthConfig } from '../auth.config.js';
import { ServerSecrets } from '../platform/server-secrets.js';
import { SigningKeyService } from './keys/signing-key.service.js';
import { ReplayCacheRepository } from './replay-cache.repository.js';
import { TokensModule } from './tokens.module.js';

/** What proofs may be signed with. */
export const PROOF_ALGORITHMS = ['ES256', 'PS256', 'RS256'] as const;

/** One policy for the token endpoint and for the routes that take access tokens; replicas agree by secret and database. */
export const createDpopOptions = (
  config: AuthConfig,
  secrets: ServerSecrets,
  usedValues: ReplayCacheRepository,
): DpopOptions => ({
  baseUrl: config.ISSUER,
  algorithms: PROOF_ALGORITHMS,
  usedProofs: { use: (id, goodUntil) => usedValues.markUsed('dpop proof', id, goodUntil) },
  requiresNonce: config.DPOP_NONCE_TTL > 0,
  nonceLifetimeSeconds: config.DPOP_NONCE_TTL || undefined,
  nonceSecrets: [...secrets.derive('dpop nonce').all.values()].map(({ key }) => key),
});

const logger = new Logger('Access');

/** This server is a resource server as well: of people's sessions and passwords. Its own keys are at hand. */
export const createGuardsModule = (config: AuthConfig): DynamicModule =>
  GuardsModule.forRootAsync({
    imports: [TokensModule],
    inject: [SigningKeyService, Clock, ServerSecrets, ReplayCacheRepository],
    useFactory: (keys, clock, secrets, usedValues) => ({
      issuer: config.ISSUER,
      audience: config.ISSUER,
      keys: () => keys.keySet,
      // It publishes the status itself, and asks its database whether a session lives (sessions/living-session.ts).
      ignoresTokenStatus: true,
      algorithms: ['ES256', 'RS256'],
      dpop: createDpopOptions(config, secrets, usedValues),
      now: () => clock.now(),
      onRejected: ({ reason, kid }: Rejection) => logger.log({ refused: reason, kid }),
    }),
  });
