import { CleanupJob, createIndexedCleanup, Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EXPIRED_IDEMPOTENCY_KEYS } from './orders/idempotency-key.repository.js';
import { EXPIRED_PROOFS } from './used-proofs/used-proof.repository.js';

/** Deletes expired rows, in one replica at a time. */
@Injectable()
export class ExpiredRowsCleanup implements OnModuleInit {
  constructor(
    private readonly scheduler: Scheduler,
    private readonly cleanup: CleanupJob,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, EXPIRED_IDEMPOTENCY_KEYS));
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, EXPIRED_PROOFS));
    this.scheduler.add({
      name: 'upkeep',
      everySeconds: 10,
      runsOn: 'lease holder',
      hasWork: () => this.cleanup.hasExpiredRows(),
      run: () => this.cleanup.runStep(),
    });
  }
}
