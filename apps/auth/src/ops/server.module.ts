import { PersistenceModule } from '@gatehouse/persistence';
import { Clock, ServiceModule } from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import type { AuthConfig } from '../auth.config.js';
import { AuthConfigModule } from '../auth-config.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { authDatabase } from '../database/auth-database.js';
import { KeysModule } from '../keys/keys.module.js';
import { SecurityEventsModule } from '../security-events/security-events.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { StatusListsModule } from '../status-lists/status-lists.module.js';
import { UpkeepModule } from '../upkeep/upkeep.module.js';

/**
 * The authorization server as an operator meets it: the same services on the same database, beside the server that runs,
 * without a port, without a demo, and without a part in what one replica does for all.
 */
@Module({})
export class ServerModule {
  static with(config: AuthConfig, clock = new Clock()): DynamicModule {
    const own: AuthConfig = { ...config, BACKGROUND_TASKS: false };
    return {
      module: ServerModule,
      imports: [
        ServiceModule.forRoot({ name: 'ops', clock }),
        AuthConfigModule.with(own),
        PersistenceModule.forRoot(authDatabase(own)),
        UpkeepModule,
        SecurityEventsModule,
        KeysModule,
        StatusListsModule,
        AccountsModule,
        ClientsModule,
        SessionsModule,
      ],
    };
  }
}
