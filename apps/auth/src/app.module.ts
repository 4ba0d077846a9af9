import { Public } from '@gatehouse/guards';
import { PersistenceModule } from '@gatehouse/persistence';
import { Clock, HealthModule, ServiceModule } from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { guards } from './access.js';
import { AccountsModule } from './accounts/accounts.module.js';
import type { AuthConfig } from './auth.config.js';
import { AuthConfigModule } from './auth-config.module.js';
import { AuthorizeModule } from './authorize/authorize.module.js';
import { BrowserSessionsModule } from './browser-sessions/browser-sessions.module.js';
import { ClientsModule } from './clients/clients.module.js';
import { ConsentsModule } from './consents/consents.module.js';
import { CrossOriginModule } from './cross-origin/cross-origin.module.js';
import { authDatabase } from './database/auth-database.js';
import { DemoModule } from './demo/demo.module.js';
import { DiscoveryModule } from './discovery/discovery.module.js';
import { IntrospectionModule } from './introspection/introspection.module.js';
import { KeysModule } from './keys/keys.module.js';
import { LoginModule } from './login/login.module.js';
import { LogoutModule } from './logout/logout.module.js';
import { NotificationsModule } from './notifications/notifications.module.js';
import { OAuthErrorsModule } from './oauth-errors/oauth-errors.module.js';
import { RateLimitsModule } from './rate-limits/rate-limits.module.js';
import { RevocationModule } from './revocation/revocation.module.js';
import { SecurityEventsModule } from './security-events/security-events.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { StatusListsModule } from './status-lists/status-lists.module.js';
import { TokenModule } from './token/token.module.js';
import { UpkeepModule } from './upkeep/upkeep.module.js';
import { UserInfoModule } from './userinfo/user-info.module.js';

/** What clients speak to, by the standards. */
const PROTOCOL = [
  AuthorizeModule,
  TokenModule,
  RevocationModule,
  IntrospectionModule,
  UserInfoModule,
  LogoutModule,
  StatusListsModule,
  DiscoveryModule,
  CrossOriginModule,
];

/** The table of contents of the authorization server. */
@Module({})
export class AppModule {
  static with(config: AuthConfig, clock = new Clock()): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({ name: 'auth', clock }),
        AuthConfigModule.with(config),
        PersistenceModule.forRoot(authDatabase(config)),
        OAuthErrorsModule,
        UpkeepModule,
        RateLimitsModule,
        guards(config),
        HealthModule.forRootAsync({
          inject: [DataSource],
          useFactory: (database: DataSource) => ({ database: () => database.query('SELECT 1') }),
          decorators: [Public()],
        }),
        SecurityEventsModule,
        NotificationsModule,
        KeysModule,
        AccountsModule,
        ClientsModule,
        BrowserSessionsModule,
        ConsentsModule,
        LoginModule,
        SessionsModule,
        ...PROTOCOL,
        DemoModule,
      ],
    };
  }
}
