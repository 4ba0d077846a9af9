import { CLEANUP_IDLE_SECONDS, CleanupJob, Scheduler } from '@gatehouse/persistence';
import { Injectable, type OnModuleInit } from '@nestjs/common';

/** Runs the cleanup tasks of the repositories, in one replica at a time. */
@Injectable()
export class CleanupSchedule implements OnModuleInit {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly cleanup: CleanupJob,
  ) {}

  onModuleInit(): void {
    this.scheduler.add({
      name: 'upkeep',
      everySeconds: 10,
      maxIdleSeconds: CLEANUP_IDLE_SECONDS,
      runsOn: 'lease holder',
      hasWork: () => this.cleanup.hasExpiredRows(),
      run: () => this.cleanup.runStep(),
    });
  }
}
