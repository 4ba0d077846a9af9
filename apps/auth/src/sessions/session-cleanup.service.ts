import {
  CleanupJob,
  createIndexedCleanup,
  createKeyRangeCleanup,
  type ExpiredRows,
  UnitOfWork,
} from '@gatehouse/persistence';
import { Injectable, type OnModuleInit } from '@nestjs/common';

/**
 * Longer than any access token lives, so that a status list says of all of them that their session ended. The owner of a
 * refresh token sees no difference: it is refused in the same words.
 */
const FAMILY_RETENTION_SECONDS = 86_400;

export const REVOKED_FAMILY_ROWS = {
  table: 'refresh_token_family',
  key: 'id',
  dead: 'ended_at < $1',
  indexed: 'ended_at',
  afterSeconds: FAMILY_RETENTION_SECONDS,
};

/** Both ends move, or stand, without an index: a rotation must touch none. */
export const EXPIRED_FAMILY_ROWS = {
  table: 'refresh_token_family',
  key: 'id',
  dead: '(idle_expires_at < $1 OR absolute_expires_at < $1)',
  afterSeconds: FAMILY_RETENTION_SECONDS,
};

/** Families that ended or expired long ago go. */
@Injectable()
export class SessionCleanupService implements OnModuleInit {
  constructor(
    private readonly janitor: CleanupJob,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.janitor.add(createIndexedCleanup(this.unitOfWork, REVOKED_FAMILY_ROWS));
    this.janitor.add(createKeyRangeCleanup(this.unitOfWork, EXPIRED_FAMILY_ROWS));
  }
}

const MIN_BROWSER_SESSION_RETENTION_SECONDS = 86_400;

/** Browser sessions that ended, or that nobody can use any more. None of these instants has an index: the rows are few. */
export const expiredBrowserSessionRows = (idleSeconds: number): ExpiredRows => ({
  table: 'browser_session',
  key: 'id',
  dead: '(ended_at < $1 OR absolute_expires_at < $1 OR last_used_at < $1)',
  afterSeconds: Math.max(idleSeconds, MIN_BROWSER_SESSION_RETENTION_SECONDS),
});
