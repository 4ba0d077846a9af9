import { GuardsModule, type Rejection } from '@gatehouse/guards';
import { Clock } from '@gatehouse/service-kit';
import { type DynamicModule, Logger } from '@nestjs/common';
import type { AuthConfig } from '../auth.config.js';
import { DpopPolicy } from './dpop.policy.js';
import { SigningKeyService } from './keys/signing-key.service.js';
import { TokensModule } from './tokens.module.js';

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
    inject: [SigningKeyService, Clock, DpopPolicy],
    useFactory: (keys, clock, { dpop }) => ({
      issuer: config.ISSUER,
      audience: config.ISSUER,
      keys: () => keys.keySet,
      // The routes ask the database whether the session is active, so the status list adds nothing.
      ignoresTokenStatus: true,
      algorithms: ['ES256', 'RS256'],
      dpop,
      now: () => clock.now(),
      monotonicNow: () => clock.monotonic(),
      onRejected: logRejection,
    }),
  });
