import { type DatabaseSettings, PersistenceModule } from '@gatehouse/persistence';
import { Clock, ConfigModule, ServiceModule } from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { ClientsModule } from '../clients/clients.module.js';
import { PlatformModule } from '../platform/platform.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { TokensModule } from '../tokens/tokens.module.js';

/**
 * The services of the authorization server for the CLI, on the same database: without HTTP, without demo data, and without the
 * jobs that one replica runs for all.
 */
@Module({})
export class OpsContextModule {
  static forRoot(
    config: AuthConfig,
    database: DatabaseSettings,
    clock = new Clock(),
  ): DynamicModule {
    return {
      module: OpsContextModule,
      imports: [
        ServiceModule.forRoot({ name: 'ops', clock }),
        ConfigModule.forRoot(AUTH_CONFIG, { ...config, BACKGROUND_TASKS: false }),
        PersistenceModule.forRoot(database),
        PlatformModule,
        TokensModule,
        AccountsModule,
        ClientsModule,
        SessionsModule,
      ],
    };
  }
}
