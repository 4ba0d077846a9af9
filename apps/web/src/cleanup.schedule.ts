import { CLEANUP_IDLE_SECONDS, CleanupJob, Scheduler } from '@gatehouse/persistence';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { WEB_CONFIG, type WebConfig } from './web.config.js';

/** Runs the cleanup tasks of the repositories, in one replica at a time. */
@Injectable()
export class CleanupSchedule implements OnModuleInit {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly cleanup: CleanupJob,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  onModuleInit(): void {
    this.scheduler.add({
      name: 'upkeep',
      everySeconds: 10,
      maxIdleSeconds: Math.max(CLEANUP_IDLE_SECONDS, this.config.IDLE_POLL_SECONDS),
      runsOn: 'lease holder',
      hasWork: () => this.cleanup.hasExpiredRows(),
      run: () => this.cleanup.runStep(),
    });
  }
}
