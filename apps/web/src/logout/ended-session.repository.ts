import { createHash } from 'node:crypto';
import { CleanupJob, createIndexedCleanup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';

/** A logout token, whose signature was verified. */
export interface LogoutToken {
  readonly jti: string;
  readonly sid: string;
}

/** Longer than a logout token is accepted, and longer than a sign-in takes after its code was redeemed. */
const RETENTION_MS = 600_000;

/** All SQL of the table `ended_session`. It has one row for each logout token of the last minutes. */
@Injectable()
export class EndedSessionRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    cleanup: CleanupJob,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {
    cleanup.add(
      createIndexedCleanup(unitOfWork, {
        table: 'ended_session',
        key: 'id',
        condition: 'expires_at <= $1',
        orderedBy: 'expires_at',
        retentionSeconds: 0,
      }),
    );
  }

  /** Of any number of concurrent calls with one token, on any number of replicas, one returns true. */
  async add({ jti, sid }: LogoutToken): Promise<boolean> {
    const id = createHash('sha256').update(JSON.stringify([this.config.TOOL, jti]));
    const { affected } = await this.unitOfWork.execute(
      'INSERT INTO ended_session (id, sid, expires_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING',
      [id.digest('base64url'), sid, this.clock.now() + RETENTION_MS],
    );
    return affected === 1;
  }
}
