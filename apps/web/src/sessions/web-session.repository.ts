import { CleanupJob, createIndexedCleanup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';

/** A row that has not expired. */
export interface SessionRow {
  readonly id: string;
  readonly tool: string;
  readonly sub: string;
  readonly sid: string;
  readonly createdAt: number;
  readonly usedAt: number;
  readonly payload: string;
  readonly version: number;
}

type RawRow = SessionRow & {
  readonly createdAt: string | number;
  readonly usedAt: string | number;
};

const COLUMNS =
  'id, tool, sub, sid, created_at AS "createdAt", used_at AS "usedAt", payload, version';

const toRow = (row: RawRow): SessionRow => ({
  ...row,
  createdAt: Number(row.createdAt),
  usedAt: Number(row.usedAt),
});

/** All SQL of the table `web_session`. */
@Injectable()
export class WebSessionRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
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

  async find(id: string, tool: string): Promise<SessionRow | undefined> {
    const [row] = await this.unitOfWork.query<RawRow>(
      `SELECT ${COLUMNS} FROM web_session WHERE id = $1 AND tool = $2 AND expires_at > $3`,
      [id, tool, this.clock.now()],
    );
    return row && toRow(row);
  }

  /**
   * A logout token can arrive before the row is there, so the second statement looks for it after the commit of the first. The
   * receiver of the token deletes the row after the commit of `ended_session`: one of the two finds what the other has written.
   */
  async insert(row: Omit<SessionRow, 'version'> & { readonly expiresAt: number }): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO web_session (id, tool, sub, sid, created_at, used_at, expires_at, payload, version)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)`,
      [row.id, row.tool, row.sub, row.sid, row.createdAt, row.usedAt, row.expiresAt, row.payload],
    );
    await this.unitOfWork.execute(
      `DELETE FROM web_session WHERE id = $1
         AND EXISTS (SELECT 1 FROM ended_session WHERE ended_session.sid = web_session.sid)`,
      [row.id],
    );
  }

  /** Deletes the oldest sessions of an account in a tool, above a limit. Call it after the commit of the newest. */
  async deleteAboveLimit({ sub, tool }: SessionRow, limit: number): Promise<void> {
    await this.unitOfWork.execute(
      `DELETE FROM web_session WHERE id IN (
         SELECT id FROM web_session WHERE sub = $1 AND tool = $2
         ORDER BY created_at DESC, id LIMIT 1000 OFFSET $3)`,
      [sub, tool, limit],
    );
  }

  async touch(id: string, expiresAt: number): Promise<void> {
    await this.unitOfWork.executeUnnoticed(
      'UPDATE web_session SET used_at = $2, expires_at = $3 WHERE id = $1 AND used_at < $2',
      [id, this.clock.now(), expiresAt],
    );
  }

  /**
   * Claims the next refresh of a session, for this long at most. Of any number of callers in any process, one gets it.
   *
   * @returns the row as it is now; undefined while another caller has the claim, or after the session has ended
   */
  async claim(id: string, claim: string, milliseconds: number): Promise<SessionRow | undefined> {
    const now = this.clock.now();
    const { rows } = await this.unitOfWork.execute<RawRow>(
      `UPDATE web_session SET claim = $2, claimed_until = $3
       WHERE id = $1 AND expires_at > $4
         AND (claimed_until IS NULL OR claimed_until <= $4 OR claimed_until > $3)
       RETURNING ${COLUMNS}`,
      [id, claim, now + milliseconds, now],
    );
    return rows[0] && toRow(rows[0]);
  }

  /** @param payload undefined leaves it as it is */
  async release(id: string, claim: string, payload?: string): Promise<void> {
    const change = payload === undefined ? '' : 'payload = $3, version = version + 1, ';
    await this.unitOfWork.execute(
      `UPDATE web_session SET ${change}claim = NULL, claimed_until = NULL WHERE id = $1 AND claim = $2`,
      [id, claim, ...(payload === undefined ? [] : [payload])],
    );
  }

  /** Takes part in the transaction of the caller. @returns the row as it was; undefined after the session has ended */
  async delete(id: string): Promise<SessionRow | undefined> {
    const { rows } = await this.unitOfWork.execute<RawRow>(
      `DELETE FROM web_session WHERE id = $1 RETURNING ${COLUMNS}`,
      [id],
    );
    return rows[0] && toRow(rows[0]);
  }

  /** @returns how many sessions ended, of both tools */
  async deleteBySid(sid: string): Promise<number> {
    const sql = 'DELETE FROM web_session WHERE sid = $1';
    return (await this.unitOfWork.execute(sql, [sid])).affected;
  }
}
