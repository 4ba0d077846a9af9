import { UnitOfWork } from '@gatehouse/persistence';
import { Module, type OnModuleInit } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { byWalking } from '../upkeep/by-walking.js';
import { Janitor } from '../upkeep/janitor.js';
import { Upkeep } from '../upkeep/upkeep.js';
import { ConsoleNotifier } from './console-notifier.js';
import { Notifications } from './notifications.js';
import { Notifier } from './notifier.js';
import { Outbox } from './outbox.js';
import { SmtpNotifier } from './smtp-notifier.js';

const notifierOf = ({ SMTP_URL: url, MAIL_FROM: from }: AuthConfig): Notifier =>
  url === undefined ? new ConsoleNotifier() : new SmtpNotifier({ url, from });

/** Sent or given up: nobody waits for them. */
const OLD = {
  table: 'notification',
  key: 'id',
  dead: 'next_attempt_at IS NULL AND created_at < $1',
  afterSeconds: 30 * 86_400,
};

@Module({
  providers: [
    Notifications,
    Outbox,
    { provide: Notifier, useFactory: notifierOf, inject: [AUTH_CONFIG] },
  ],
  exports: [Notifications],
})
export class NotificationsModule implements OnModuleInit {
  constructor(
    private readonly outbox: Outbox,
    private readonly upkeep: Upkeep,
    private readonly janitor: Janitor,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.upkeep.add({
      name: 'notifications',
      everySeconds: 2,
      by: 'one replica',
      work: (stopping) => this.outbox.send(stopping),
    });
    this.janitor.add(byWalking(this.unitOfWork, OLD));
  }
}
