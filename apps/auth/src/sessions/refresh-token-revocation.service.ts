import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { NotificationRepository } from '../platform/notifications/notification.repository.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { deriveSessionId, type RevocationReason } from './refresh-token-family.entity.js';

/** Which families end. */
export type FamilySelection =
  | { readonly familyId: string }
  | { readonly clientId: string }
  | { readonly accountId: string; readonly exceptSession?: string | undefined }
  | { readonly accountId: string; readonly exceptBrowserSession: string }
  | { readonly accountId: string; readonly ofClient: string }
  /** What began in a browser session, unless it is to last while the person is away (`offline_access`). */
  | { readonly browserSessionId: string }
  /** All of the account but this one and the newest others, up to `limit` in all. */
  | { readonly accountId: string; readonly newest: string; readonly limit: number };

type ResolvedFamilySelection =
  | Exclude<FamilySelection, { readonly exceptSession?: string | undefined }>
  | { readonly accountId: string; readonly exceptFamilyId?: string | undefined };

/** Of a client there may be a million: each statement stays far below the time that a statement may take. */
const CLIENT_BATCH_SIZE = 1_000;

interface RevokedFamily {
  readonly id: string;
  readonly account_id: string;
  readonly client_id: string;
  readonly user_agent: string | null;
  readonly origin: string | null;
  readonly ends_at: number;
}

interface UnrevokedFamily {
  readonly id: string;
  readonly browser_session_id: string | null;
}

interface Condition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Families end from every side: by one statement, once, and never without the record of it. */
@Injectable()
export class RefreshTokenRevocation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly events: SecurityEventService,
    private readonly notifications: NotificationRepository,
  ) {}

  /** Joins the transaction that begins it. */
  recordCreation(family: {
    accountId: string;
    clientId: string;
    sessionId: string;
  }): Promise<void> {
    return this.events.record({ type: 'family.begun', ...family });
  }

  /**
   * Joins a surrounding transaction; without one, those of a client end in steps, each whole with its events. A family that
   * expired without an end is ended as well: an access token may be left.
   * @returns how many there were that had neither ended nor expired
   */
  async revoke(which: FamilySelection, reason: RevocationReason): Promise<number> {
    let [step, living] = [await this.revokeBatch(which, reason), 0];
    for (; 'clientId' in which && step.all > 0; step = await this.revokeBatch(which, reason)) {
      living += step.living;
    }
    return living + step.living;
  }

  private revokeBatch(
    which: FamilySelection,
    reason: RevocationReason,
  ): Promise<{ readonly all: number; readonly living: number }> {
    return this.unitOfWork.transaction(async () => {
      const now = this.clock.now();
      const { sql, parameters } = toCondition(await this.resolveSessionId(which), now);
      const { rows } = await this.unitOfWork.execute<RevokedFamily>(
        `UPDATE refresh_token_family SET ended_at = $1, end_reason = $2 WHERE ended_at IS NULL AND ${this.lockInIdOrder(sql)}
         RETURNING id, account_id, client_id, user_agent, origin,
           CASE WHEN idle_expires_at < absolute_expires_at THEN idle_expires_at ELSE absolute_expires_at END AS ends_at`,
        [now, reason, ...parameters],
      );
      for (const family of rows) await this.recordRevocation(family, reason);
      return { all: rows.length, living: rows.filter(({ ends_at }) => ends_at > now).length };
    });
  }

  /** The name of a session does not give away the family's id; only a search among those of the account finds it. */
  async findBySessionId(
    accountId: string,
    sessionId: string,
  ): Promise<UnrevokedFamily | undefined> {
    const { rows } = await this.unitOfWork.execute<UnrevokedFamily>(
      'SELECT id, browser_session_id FROM refresh_token_family WHERE account_id = $1 AND ended_at IS NULL',
      [accountId],
    );
    return rows.find(({ id }) => deriveSessionId(id) === sessionId);
  }

  /** PostgreSQL locks rows as it finds them. In one order, that of rotations, nobody waits for who waits for them. */
  private lockInIdOrder(sql: string): string {
    if (!this.unitOfWork.isPostgres) return sql;
    return `id IN (SELECT id FROM refresh_token_family WHERE ended_at IS NULL AND ${sql} ORDER BY id COLLATE "C" FOR UPDATE)`;
  }

  private async resolveSessionId(which: FamilySelection): Promise<ResolvedFamilySelection> {
    if (!('exceptSession' in which)) return which;
    const { accountId, exceptSession } = which;
    if (exceptSession === undefined) return { accountId };
    const kept = await this.findBySessionId(accountId, exceptSession);
    return { accountId, exceptFamilyId: kept?.id };
  }

  private async recordRevocation(family: RevokedFamily, reason: RevocationReason): Promise<void> {
    const { account_id: accountId, client_id: clientId, user_agent: userAgent, origin } = family;
    const sessionId = deriveSessionId(family.id);
    await this.events.record({ type: 'family.ended', reason, accountId, clientId, sessionId });
    if (reason !== 'reuse') return;
    const detail = { userAgent, origin };
    await this.notifications.enqueue({ accountId, kind: 'refresh_token_reused', detail });
  }
}

function toCondition(which: ResolvedFamilySelection, now: number): Condition {
  if ('familyId' in which) return { sql: 'id = $3', parameters: [which.familyId] };
  if ('clientId' in which) return { sql: BATCH_OF_CLIENT, parameters: [which.clientId] };
  if ('newest' in which) {
    return {
      sql: ABOVE_SESSION_LIMIT,
      parameters: [which.accountId, which.newest, now, which.limit - 1],
    };
  }
  if ('browserSessionId' in which)
    return { sql: IN_BROWSER_SESSION, parameters: [which.browserSessionId] };
  if ('exceptBrowserSession' in which) {
    return {
      sql: OUTSIDE_BROWSER_SESSION,
      parameters: [which.accountId, which.exceptBrowserSession],
    };
  }
  if ('ofClient' in which) {
    return { sql: OF_ACCOUNT_AND_CLIENT, parameters: [which.accountId, which.ofClient] };
  }
  const { accountId, exceptFamilyId: except } = which;
  if (except === undefined) return { sql: 'account_id = $3', parameters: [accountId] };
  return { sql: 'account_id = $3 AND id <> $4', parameters: [accountId, except] };
}

const IN_BROWSER_SESSION = `browser_session_id = $3 AND ' ' || scope || ' ' NOT LIKE '% offline!_access %' ESCAPE '!'`;

/** By the index over accounts: of a client there may be a million. */
const OF_ACCOUNT_AND_CLIENT = `account_id = $3 AND client_id || '' = $4`;

const OUTSIDE_BROWSER_SESSION =
  'account_id = $3 AND (browser_session_id IS NULL OR browser_session_id <> $4)';

const BATCH_OF_CLIENT = `id IN (
  SELECT id FROM refresh_token_family WHERE client_id = $3 AND ended_at IS NULL LIMIT ${CLIENT_BATCH_SIZE})`;

/** SQLite has no OFFSET without a LIMIT. */
const ABOVE_SESSION_LIMIT = `id IN (
  SELECT id FROM refresh_token_family
  WHERE account_id = $3 AND id <> $4 AND ended_at IS NULL AND idle_expires_at > $5 AND absolute_expires_at > $5
  ORDER BY created_at DESC, id LIMIT 1000000 OFFSET $6)`;
