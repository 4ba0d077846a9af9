import type { GuardsOptions, Rejection } from '@gatehouse/guards';
import type { Clock } from '@gatehouse/service-kit';
import { Logger } from '@nestjs/common';
import type { AuthConfig } from './auth.config.js';
import type { SigningKeys } from './keys/signing-keys.js';

const log = new Logger('Access');

/** This server is a resource server as well: of people's sessions and passwords. Its own keys are at hand. */
export const guardsOptions = (
  config: AuthConfig,
  keys: SigningKeys,
  clock: Clock,
): GuardsOptions => ({
  issuer: config.ISSUER,
  audience: config.ISSUER,
  keys: () => keys.keySet,
  // It publishes the status itself, and asks its database whether a session lives (sessions/living-session.ts).
  ignoresTokenStatus: true,
  algorithms: ['ES256', 'RS256'],
  now: () => clock.now(),
  onRejected: ({ reason, kid }: Rejection) => log.log({ refused: reason, kid }),
});
