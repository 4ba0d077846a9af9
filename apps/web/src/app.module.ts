import { PersistenceModule, SchedulerModule, UnitOfWork } from '@gatehouse/persistence';
import { Clock, ConfigModule, HealthModule, ServiceModule } from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ActivityModule } from './activity/activity.module.js';
import { ApiModule } from './api/api.module.js';
import { CleanupSchedule } from './cleanup.schedule.js';
import { webDatabase } from './database.js';
import { LogoutModule } from './logout/logout.module.js';
import { PagesModule } from './pages/pages.module.js';
import { SameOriginGuard } from './requests/same-origin.guard.js';
import { SignInModule } from './sign-in/sign-in.module.js';
import { WEB_CONFIG, type WebConfig } from './web.config.js';

interface AppOptions {
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** The folder of the built client. Default: `dist/client`. */
  readonly clientFolder?: string | undefined;
}

/** A backend for the frontend (RFC 10017): the browser has a cookie, and this process has the tokens. */
@Module({})
export class AppModule {
  static forRoot(
    config: WebConfig,
    { clock = new Clock(), clientFolder }: AppOptions = {},
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({ name: config.TOOL, clock }),
        ConfigModule.forRoot(WEB_CONFIG, config),
        PersistenceModule.forRoot(webDatabase(config)),
        SchedulerModule.forRoot({ clock, maxIdleSeconds: config.IDLE_POLL_SECONDS }),
        HealthModule.forRootAsync({
          inject: [UnitOfWork],
          useFactory: (unitOfWork: UnitOfWork) => ({ database: () => unitOfWork.checkHealth() }),
        }),
        SignInModule,
        ApiModule,
        LogoutModule,
        ...(config.DEMO_ACTIVITY ? [ActivityModule] : []),
        PagesModule.forRoot(clientFolder),
      ],
      providers: [CleanupSchedule, { provide: APP_GUARD, useClass: SameOriginGuard }],
    };
  }
}
