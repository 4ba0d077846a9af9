import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { Notifications } from '../notifications/notifications.js';
import { SecurityEvents } from '../security-events/security-events.js';
import { type EndReason, sessionIdOf } from './refresh-token-family.entity.js';

/** Which families end. */
export type Ending =
  | { readonly familyId: string }
  | { readonly clientId: string }
  | { readonly accountId: string; readonly exceptSession?: string | undefined }
  | { readonly accountId: string; readonly exceptBrowserSession: string }
  | { readonly accountId: string; readonly ofClient: string }
  /** What began in a browser session, unless it is to last while the person is away (`offline_access`). */
  | { readonly browserSessionId: string }
  /** All of the account but this one and the newest others, up to `limit` in all. */
  | { readonly accountId: string; readonly newest: string; readonly limit: number };

type ResolvedEnding =
  | Exclude<Ending, { readonly exceptSession?: string | undefined }>
  | { readonly accountId: string; readonly exceptFamilyId?: string | undefined };

/** Of a client there may be a million: each statement stays far below the time that a statement may take. */
const MOST_OF_A_CLIENT = 1_000;

interface EndedFamily {
  readonly id: string;
  readonly account_id: string;
  readonly client_id: string;
  readonly user_agent: string | null;
  readonly origin: string | null;
  readonly ends_at: number;
}

interface LivingFamily {
  readonly id: string;
  readonly browser_session_id: string | null;
}

interface Condition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Families end from every side: by one statement, once, and never without the record of it. */
@Injectable()
export class FamilyLife {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly events: SecurityEvents,
    private readonly notifications: Notifications,
  ) {}

  /** Joins the transaction that begins it. */
  begun(family: { accountId: string; clientId: string; sessionId: string }): Promise<void> {
    return this.events.record({ type: 'family.begun', ...family });
  }

  /**
   * Joins a surrounding transaction; without one, those of a client end in steps, each whole with its events. A family that
   * expired without an end is ended as well: an access token may be left.
   * @returns how many there were that had neither ended nor expired
   */
  async end(which: Ending, reason: EndReason): Promise<number> {
    let [step, living] = [await this.endAtOnce(which, reason), 0];
    for (; 'clientId' in which && step.all > 0; step = await this.endAtOnce(which, reason)) {
      living += step.living;
    }
    return living + step.living;
  }

  private endAtOnce(
    which: Ending,
    reason: EndReason,
  ): Promise<{ readonly all: number; readonly living: number }> {
    return this.unitOfWork.transaction(async () => {
      const now = this.clock.now();
      const { sql, parameters } = conditionOf(await this.withFamilyId(which), now);
      const { rows } = await this.unitOfWork.execute<EndedFamily>(
        `UPDATE refresh_token_family SET ended_at = $1, end_reason = $2 WHERE ended_at IS NULL AND ${this.inOrder(sql)}
         RETURNING id, account_id, client_id, user_agent, origin,
           CASE WHEN idle_expires_at < absolute_expires_at THEN idle_expires_at ELSE absolute_expires_at END AS ends_at`,
        [now, reason, ...parameters],
      );
      for (const family of rows) await this.tell(family, reason);
      return { all: rows.length, living: rows.filter(({ ends_at }) => ends_at > now).length };
    });
  }

  /** The name of a session does not give away the family's id; only a search among those of the account finds it. */
  async find(accountId: string, sessionId: string): Promise<LivingFamily | undefined> {
    const { rows } = await this.unitOfWork.execute<LivingFamily>(
      'SELECT id, browser_session_id FROM refresh_token_family WHERE account_id = $1 AND ended_at IS NULL',
      [accountId],
    );
    return rows.find(({ id }) => sessionIdOf(id) === sessionId);
  }

  /** PostgreSQL locks rows as it finds them. In one order, that of rotations, nobody waits for who waits for them. */
  private inOrder(sql: string): string {
    if (!this.unitOfWork.isPostgres) return sql;
    return `id IN (SELECT id FROM refresh_token_family WHERE ended_at IS NULL AND ${sql} ORDER BY id COLLATE "C" FOR UPDATE)`;
  }

  private async withFamilyId(which: Ending): Promise<ResolvedEnding> {
    if (!('exceptSession' in which)) return which;
    const { accountId, exceptSession } = which;
    if (exceptSession === undefined) return { accountId };
    const kept = await this.find(accountId, exceptSession);
    return { accountId, exceptFamilyId: kept?.id };
  }

  private async tell(family: EndedFamily, reason: EndReason): Promise<void> {
    const { account_id: accountId, client_id: clientId, user_agent: userAgent, origin } = family;
    const sessionId = sessionIdOf(family.id);
    await this.events.record({ type: 'family.ended', reason, accountId, clientId, sessionId });
    if (reason !== 'reuse') return;
    const detail = { userAgent, origin };
    await this.notifications.about({ accountId, kind: 'refresh_token_reused', detail });
  }
}

function conditionOf(which: ResolvedEnding, now: number): Condition {
  if ('familyId' in which) return { sql: 'id = $3', parameters: [which.familyId] };
  if ('clientId' in which) return { sql: SOME_OF_A_CLIENT, parameters: [which.clientId] };
  if ('newest' in which) {
    return { sql: SURPLUS, parameters: [which.accountId, which.newest, now, which.limit - 1] };
  }
  if ('browserSessionId' in which) return { sql: ONLINE, parameters: [which.browserSessionId] };
  if ('exceptBrowserSession' in which) {
    return { sql: ELSEWHERE, parameters: [which.accountId, which.exceptBrowserSession] };
  }
  if ('ofClient' in which) {
    return { sql: BETWEEN, parameters: [which.accountId, which.ofClient] };
  }
  const { accountId, exceptFamilyId: except } = which;
  if (except === undefined) return { sql: 'account_id = $3', parameters: [accountId] };
  return { sql: 'account_id = $3 AND id <> $4', parameters: [accountId, except] };
}

const ONLINE = `browser_session_id = $3 AND ' ' || scope || ' ' NOT LIKE '% offline!_access %' ESCAPE '!'`;

/** By the index over accounts: of a client there may be a million. */
const BETWEEN = `account_id = $3 AND client_id || '' = $4`;

const ELSEWHERE = 'account_id = $3 AND (browser_session_id IS NULL OR browser_session_id <> $4)';

const SOME_OF_A_CLIENT = `id IN (
  SELECT id FROM refresh_token_family WHERE client_id = $3 AND ended_at IS NULL LIMIT ${MOST_OF_A_CLIENT})`;

/** SQLite has no OFFSET without a LIMIT. */
const SURPLUS = `id IN (
  SELECT id FROM refresh_token_family
  WHERE account_id = $3 AND id <> $4 AND ended_at IS NULL AND idle_expires_at > $5 AND absolute_expires_at > $5
  ORDER BY created_at DESC, id LIMIT 1000000 OFFSET $6)`;
