import { UnitOfWork } from '@gatehouse/persistence';
import { type BeforeApplicationShutdown, Global, Module, type OnModuleInit } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { NotificationOutbox } from './notifications/notification-outbox.js';
import { NotificationRepository } from './notifications/notification.repository.js';
import { ConsoleNotifier, Notifier, SmtpNotifier } from './notifications/notifier.js';
import { OAuthErrorFilter } from './oauth-error.filter.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RateLimitService } from './rate-limit.service.js';
import { CleanupJob } from './scheduler/cleanup-job.js';
import { createKeyRangeCleanup } from './scheduler/cleanup-tasks.js';
import { DatabaseClock } from './scheduler/database-clock.js';
import { Scheduler } from './scheduler/scheduler.js';
import { EventChainService } from './security-events/event-chain.service.js';
import { EventRetentionCleanup } from './security-events/event-retention.js';
import { SecurityEventRepository } from './security-events/security-event.repository.js';
import { SecurityEventService } from './security-events/security-event.service.js';
import { loadServerSecrets, ServerSecrets } from './server-secrets.js';

const createNotifier = ({ SMTP_URL: url, MAIL_FROM: from }: AuthConfig): Notifier =>
  url === undefined ? new ConsoleNotifier() : new SmtpNotifier({ url, from });

/** Leases of jobs that no longer exist. */
const EXPIRED_LEASES = {
  table: 'lease',
  key: 'name',
  dead: 'expires_at < $1',
  afterSeconds: 86_400,
};

/** Notifications that were sent or given up. */
const FINISHED_NOTIFICATIONS = {
  table: 'notification',
  key: 'id',
  dead: 'next_attempt_at IS NULL AND created_at < $1',
  afterSeconds: 30 * 86_400,
};

/** Rate-limit windows that are over. The next request begins a new window in any case. */
const EXPIRED_RATE_LIMITS = {
  table: 'rate_limit',
  key: 'key',
  dead: 'expire < $1',
  afterSeconds: 60,
};

/**
 * Services that all other folders use. Nest runs the filters of later modules first, so this module is imported after the
 * service kit's module, and before the guards.
 */
@Global()
@Module({
  providers: [
    { provide: ServerSecrets, useFactory: loadServerSecrets, inject: [AUTH_CONFIG] },
    { provide: Notifier, useFactory: createNotifier, inject: [AUTH_CONFIG] },
    { provide: APP_FILTER, useClass: OAuthErrorFilter },
    { provide: APP_GUARD, useClass: RateLimitGuard },
    CleanupJob,
    DatabaseClock,
    EventChainService,
    EventRetentionCleanup,
    NotificationOutbox,
    NotificationRepository,
    RateLimitService,
    Scheduler,
    SecurityEventRepository,
    SecurityEventService,
  ],
  exports: [
    CleanupJob,
    EventChainService,
    NotificationRepository,
    RateLimitService,
    Scheduler,
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
    private readonly outbox: NotificationOutbox,
    private readonly chain: EventChainService,
    private readonly events: SecurityEventService,
    private readonly retention: EventRetentionCleanup,
  ) {}

  onModuleInit(): void {
    this.scheduler.add({
      name: 'janitor',
      everySeconds: 60,
      by: 'one replica',
      work: (stopping) => this.cleanup.run(stopping),
    });
    this.scheduler.add({
      name: 'event-chain',
      everySeconds: 1,
      by: 'one replica',
      work: () => this.chain.linkPending(),
    });
    this.scheduler.add({
      name: 'suppressed-events',
      everySeconds: 10,
      by: 'every replica',
      work: () => this.events.recordSuppressed(),
    });
    this.scheduler.add({
      name: 'notifications',
      everySeconds: 2,
      by: 'one replica',
      work: (stopping) => this.outbox.sendDue(stopping),
    });
    this.cleanup.add(createKeyRangeCleanup(this.unitOfWork, EXPIRED_LEASES));
    this.cleanup.add(createKeyRangeCleanup(this.unitOfWork, EXPIRED_RATE_LIMITS));
    this.cleanup.add(createKeyRangeCleanup(this.unitOfWork, FINISHED_NOTIFICATIONS));
    this.cleanup.add(this.retention);
  }

  /** The database closes after this. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.events.recordAllSuppressed();
  }
}
