import { AccessRules, Public, secureOpenApi } from '@gatehouse/guards';
import { PersistenceModule, UnitOfWork } from '@gatehouse/persistence';
import {
  accessTokenScheme,
  Clock,
  ConfigModule,
  HealthModule,
  ServiceModule,
  type ServiceOptions,
} from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { AccountsModule } from './accounts/accounts.module.js';
import { AUTH_CONFIG, type AuthConfig } from './auth.config.js';
import { ClientsModule } from './clients/clients.module.js';
import { authDatabase } from './database.js';
import { FirstPartyModule } from './first-party/first-party.module.js';
import { OAuthModule } from './oauth/oauth.module.js';
import { AccountSeedService } from './ops/demo/seed-credentials.js';
import { ConformanceSeedService } from './ops/demo/conformance-seed.service.js';
import { DemoSeedService } from './ops/demo/demo-seed.service.js';
import { renderUnroutablePage } from './pages/error-page.hook.js';
import { MailboxModule } from './pages/mailbox-page.controller.js';
import { PagesModule } from './pages/pages.module.js';
import { PlatformModule } from './platform/platform.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { createGuardsModule } from './tokens/guards.options.js';
import { TokensModule } from './tokens/tokens.module.js';

/** HTTP options of the authorization server. */
export const serviceOptions = (config: AuthConfig): ServiceOptions => ({
  name: 'auth',
  logLevel: config.LOG_LEVEL,
  https: config.ISSUER.startsWith('https:'),
  trustProxy: config.TRUST_PROXY,
  bodyLimit: 16_384,
  popupPaths:
    /^\/(oauth\/authorize|login|register|select-account|consent|verify-email|forgot-password|reset-password)\b/,
  acceptForms: true,
  unroutablePage: (request) => renderUnroutablePage(request, config),
  openApi: {
    title: 'Gatehouse: auth',
    description: 'Issues access tokens and rotating refresh tokens.',
    scheme: 'basic',
    complete: addAccessTokenSecurity,
  },
});

/** OAuth endpoints require client authentication. Endpoints of the user's account require an access token. */
function addAccessTokenSecurity(document: OpenAPIObject, app: NestFastifyApplication): void {
  const bearer = { type: 'http', scheme: 'bearer', bearerFormat: 'at+jwt' } as const;
  Object.assign((document.components ??= {}), {
    securitySchemes: { ...document.components.securitySchemes, [accessTokenScheme]: bearer },
  });
  const others = Object.entries(document.paths).filter(([, { post }]) => !post?.security);
  const paths = Object.fromEntries(others);
  secureOpenApi({ paths }, app.get(AccessRules), accessTokenScheme);
}

/**
 * The authorization server. PlatformModule stands between ServiceModule and the guards, because Nest asks the filters of later
 * modules first and runs global guards in the order of the modules. The order of the modules that have controllers is the order
 * of the paths in openapi.json.
 */
@Module({})
export class AppModule {
  static forRoot(config: AuthConfig, clock = new Clock()): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({ name: 'auth', clock }),
        ConfigModule.forRoot(AUTH_CONFIG, config),
        PersistenceModule.forRoot(authDatabase(config)),
        PlatformModule,
        createGuardsModule(config),
        HealthModule.forRootAsync({
          inject: [UnitOfWork],
          useFactory: (unitOfWork: UnitOfWork) => ({ database: () => unitOfWork.checkHealth() }),
          decorators: [Public()],
        }),
        TokensModule,
        AccountsModule,
        ClientsModule,
        SessionsModule,
        PagesModule,
        ...(config.DEV_MAILBOX ? [MailboxModule] : []),
        FirstPartyModule,
        OAuthModule,
      ],
      providers: [AccountSeedService, ConformanceSeedService, DemoSeedService],
    };
  }
}
