import { PersistenceModule } from '@gatehouse/persistence';
import { Clock, ConfigModule, ServiceModule } from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { ClientsModule } from '../clients/clients.module.js';
import { authDatabase } from '../database.js';
import { PlatformModule } from '../platform/platform.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';

/**
 * The authorization server as an operator meets it: the same services on the same database, beside the server that runs,
 * without a port, without a demo, and without a part in what one replica does for all.
 */
@Module({})
export class OpsContextModule {
  static forRoot(config: AuthConfig, clock = new Clock()): DynamicModule {
    const own: AuthConfig = { ...config, BACKGROUND_TASKS: false };
    return {
      module: OpsContextModule,
      imports: [
        ServiceModule.forRoot({ name: 'ops', clock }),
        ConfigModule.forRoot(AUTH_CONFIG, own),
        PersistenceModule.forRoot(authDatabase(own)),
        PlatformModule,
        TokensModule,
        AccountsModule,
        ClientsModule,
        SessionsModule,
      ],
    };
  }
}
