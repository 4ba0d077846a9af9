import { CleanupJob, createIndexedCleanup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { computePublicationPeriod } from './status-list.service.js';
import { StatusSnapshotService } from './status-snapshot.service.js';

/** All SQL of the table `revoked_status_index`: indexes that their clients do not use any more. */
@Injectable()
export class RevokedStatusIndexRepository implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly snapshots: StatusSnapshotService,
    private readonly cleanup: CleanupJob,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  onModuleInit(): void {
    this.snapshots.addSource('SELECT status_index FROM revoked_status_index WHERE revoked_at > $1');
    const expired = {
      table: 'revoked_status_index',
      key: 'status_index',
      condition: 'revoked_at < $1',
      orderedBy: 'revoked_at',
      retentionSeconds: computePublicationPeriod(this.config) / 1000,
    };
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, expired));
  }

  /** Revokes all tokens with this index. Joins the transaction of the caller. */
  async add(index: number): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO revoked_status_index (status_index, revoked_at) VALUES ($1, $2)
       ON CONFLICT (status_index) DO UPDATE SET revoked_at = excluded.revoked_at`,
      [index, this.clock.now()],
    );
  }
}
