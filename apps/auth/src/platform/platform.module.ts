import {
  CLEANUP_IDLE_SECONDS,
  CleanupJob,
  createKeyRangeCleanup,
  EXPIRED_LEASES,
  Scheduler,
  SchedulerModule,
  UnitOfWork,
} from '@gatehouse/persistence';
import { ArrivalHook, Clock } from '@gatehouse/service-kit';
import { type BeforeApplicationShutdown, Global, Module, type OnModuleInit } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { MailboxNotifier } from './notifications/mailbox.js';
import { NotificationOutbox } from './notifications/notification-outbox.js';
import { NotificationRepository } from './notifications/notification.repository.js';
import { ConsoleNotifier, Notifier, SmtpNotifier } from './notifications/notifier.js';
import { OAuthErrorFilter } from './oauth-error.filter.js';
import { RequestOriginService, RequestSourceGuard } from './request-source.guard.js';
import { RateLimitService } from './rate-limit.service.js';
import { DatabaseClock } from './database-clock.js';
import { EventChainService } from './security-events/event-chain.service.js';
import { EventRetentionCleanup } from './security-events/event-retention.js';
import { SecurityEventRepository } from './security-events/security-event.repository.js';
import { SecurityEventService } from './security-events/security-event.service.js';
import { loadServerSecrets, ServerSecrets } from './server-secrets.js';
import { SharedTurnHook } from './shared-turn.hook.js';

function createNotifier({ SMTP_URL: url, MAIL_FROM: from, DEV_MAILBOX }: AuthConfig): Notifier {
  const notifier = url === undefined ? new ConsoleNotifier() : new SmtpNotifier({ url, from });
  return DEV_MAILBOX ? new MailboxNotifier(notifier) : notifier;
}

/**
 * Services that all other folders use. Nest runs the filters of later modules first, so this module is imported after the
 * service kit's module, and before the guards.
 */
@Global()
@Module({
  imports: [
    SchedulerModule.forRootAsync({
      inject: [Clock, AUTH_CONFIG],
      useFactory: (clock: Clock, { BACKGROUND_TASKS: canLead, IDLE_POLL_SECONDS }: AuthConfig) => ({
        clock,
        leaderLease: 'upkeep',
        canLead,
        maxIdleSeconds: IDLE_POLL_SECONDS,
      }),
    }),
  ],
  providers: [
    { provide: ServerSecrets, useFactory: loadServerSecrets, inject: [AUTH_CONFIG] },
    { provide: Notifier, useFactory: createNotifier, inject: [AUTH_CONFIG] },
    { provide: APP_FILTER, useClass: OAuthErrorFilter },
    { provide: APP_GUARD, useClass: RequestSourceGuard },
    // In this order: the instant of the arrival is taken before the wait.
    ArrivalHook,
    SharedTurnHook,
    DatabaseClock,
    EventChainService,
    EventRetentionCleanup,
    NotificationOutbox,
    NotificationRepository,
    RateLimitService,
    RequestOriginService,
    SecurityEventRepository,
    SecurityEventService,
  ],
  exports: [
    EventChainService,
    NotificationRepository,
    Notifier,
    RateLimitService,
    RequestOriginService,
    SecurityEventRepository,
    SecurityEventService,
    ServerSecrets,
  ],
})
export class PlatformModule implements OnModuleInit, BeforeApplicationShutdown {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly cleanup: CleanupJob,
    private readonly unitOfWork: UnitOfWork,
    private readonly chain: EventChainService,
    private readonly events: SecurityEventService,
  ) {}

  onModuleInit(): void {
    this.scheduler.add({
      name: 'janitor',
      everySeconds: 60,
      maxIdleSeconds: CLEANUP_IDLE_SECONDS,
      runsOn: 'one replica',
      run: (stopping) => this.cleanup.run(stopping),
    });
    this.scheduler.add({
      name: 'event-chain',
      everySeconds: 1,
      runsOn: 'one replica',
      run: async () => (await this.chain.linkPending()) > 0,
    });
    this.scheduler.add({
      name: 'suppressed-events',
      everySeconds: 10,
      runsOn: 'every replica',
      run: () => this.events.recordSuppressed(),
    });
    this.cleanup.add(createKeyRangeCleanup(this.unitOfWork, EXPIRED_LEASES));
  }

  /** The database closes after this. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.events.recordAllSuppressed();
  }
}
