import { CleanupJob, createIndexedCleanup, UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';

/** All SQL of the table `web_session`. */
@Injectable()
export class WebSessionRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    cleanup: CleanupJob,
  ) {
    cleanup.add(
      createIndexedCleanup(unitOfWork, {
        table: 'web_session',
        key: 'id',
        condition: 'expires_at <= $1',
        orderedBy: 'expires_at',
        retentionSeconds: 0,
      }),
    );
  }

  /** @returns how many sessions ended, of both tools */
  async deleteBySid(sid: string): Promise<number> {
    const sql = 'DELETE FROM web_session WHERE sid = $1';
    return (await this.unitOfWork.execute(sql, [sid])).affected;
  }

  /** @returns how many sessions ended, of both tools */
  async deleteBySub(sub: string): Promise<number> {
    const sql = 'DELETE FROM web_session WHERE sub = $1';
    return (await this.unitOfWork.execute(sql, [sub])).affected;
  }
}
