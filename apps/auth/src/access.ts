import { GuardsModule, type Rejection } from '@gatehouse/guards';
import { Clock } from '@gatehouse/service-kit';
import { type DynamicModule, Logger } from '@nestjs/common';
import type { AuthConfig } from './auth.config.js';
import { dpopOptions } from './dpop/dpop.options.js';
import { KeysModule } from './keys/keys.module.js';
import { ServerSecrets } from './keys/server-secrets.js';
import { SigningKeys } from './keys/signing-keys.js';
import { UsedValues } from './used-values/used-values.js';
import { UsedValuesModule } from './used-values/used-values.module.js';

const log = new Logger('Access');

/** This server is a resource server as well: of people's sessions and passwords. Its own keys are at hand. */
export const guards = (config: AuthConfig): DynamicModule =>
  GuardsModule.forRootAsync({
    imports: [KeysModule, UsedValuesModule],
    inject: [SigningKeys, Clock, ServerSecrets, UsedValues],
    useFactory: (keys, clock, secrets, usedValues) => ({
      issuer: config.ISSUER,
      audience: config.ISSUER,
      keys: () => keys.keySet,
      // It publishes the status itself, and asks its database whether a session lives (sessions/living-session.ts).
      ignoresTokenStatus: true,
      algorithms: ['ES256', 'RS256'],
      dpop: dpopOptions(config, secrets, usedValues),
      now: () => clock.now(),
      onRejected: ({ reason, kid }: Rejection) => log.log({ refused: reason, kid }),
    }),
  });
