import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { FamilyLife } from '../refresh-tokens/family-life.js';
import type { EndReason } from '../refresh-tokens/refresh-token-family.entity.js';
import { SecurityEvents } from '../security-events/security-events.js';
import { BrowserSessionLimits } from './browser-session-limits.js';

/** Which browser sessions end. */
export type BrowserEnding =
  | { readonly id: string }
  | { readonly accountId: string; readonly except?: string | undefined }
  /** All of the account but this one and the newest others, up to `limit` in all. */
  | { readonly accountId: string; readonly newest: string; readonly limit: number }
  | 'all';

interface EndedSession {
  readonly id: string;
  readonly account_id: string;
}

interface Condition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Browser sessions end by one statement, once, with what began in them, and never without the record of it. */
@Injectable()
export class BrowserSessionLife {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly limits: BrowserSessionLimits,
    private readonly families: FamilyLife,
    private readonly events: SecurityEvents,
  ) {}

  /** Joins the transaction that begins, or renews, it. */
  begun(type: 'begun' | 'renewed', accountId: string, sessionId: string): Promise<void> {
    return this.events.record({ type: `browser_session.${type}`, accountId, sessionId });
  }

  /**
   * Ends them, and every family that began in them unless it is to last while the person is away (`offline_access`). Joins a
   * surrounding transaction. Rows are locked in the order of account, browser sessions, families, here and everywhere.
   *
   * @returns how many sessions at clients ended that had not expired
   */
  end(which: BrowserEnding, reason: EndReason): Promise<number> {
    return this.unitOfWork.transaction(async () => {
      const now = this.limits.now();
      const { sql, parameters } = this.conditionOf(which, now);
      const { rows } = await this.unitOfWork.execute<EndedSession>(
        `UPDATE browser_session SET ended_at = $1 WHERE ended_at IS NULL AND ${sql} RETURNING id, account_id`,
        [now, ...parameters],
      );
      let ended = 0;
      for (const { id, account_id: accountId } of rows) {
        ended += await this.families.end({ browserSessionId: id }, reason);
        const event = { reason, accountId, sessionId: id };
        await this.events.record({ type: 'browser_session.ended', ...event });
      }
      return ended;
    });
  }

  private conditionOf(which: BrowserEnding, now: number): Condition {
    if (which === 'all') return { sql: '1 = 1', parameters: [] };
    if ('id' in which) return { sql: 'id = $2', parameters: [which.id] };
    const { accountId } = which;
    if ('newest' in which) {
      const { newest, limit } = which;
      const idleSince = this.limits.idleSince(now);
      return { sql: SURPLUS, parameters: [accountId, newest, idleSince, now, limit - 1] };
    }
    if (which.except === undefined) return { sql: 'account_id = $2', parameters: [accountId] };
    return { sql: 'account_id = $2 AND id <> $3', parameters: [accountId, which.except] };
  }
}

/** SQLite has no OFFSET without a LIMIT. */
const SURPLUS = `id IN (
  SELECT id FROM browser_session
  WHERE account_id = $2 AND id <> $3 AND ended_at IS NULL AND last_used_at > $4 AND absolute_expires_at > $5
  ORDER BY authenticated_at DESC, id LIMIT 1000000 OFFSET $6)`;
