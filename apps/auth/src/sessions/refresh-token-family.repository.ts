import {
  CleanupJob,
  type ConditionalUpdate,
  createIndexedCleanup,
  createKeyRangeCleanup,
  type RowLookup,
  type SqlStatement,
  UnitOfWork,
} from '@gatehouse/persistence';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Repository } from 'typeorm';
import type { DeviceInfo } from '../platform/network.js';
import type { RevocationReason } from '../platform/security-events/security-event.js';
import { StatusListService } from '../tokens/status-lists/status-list.service.js';
import { StatusSnapshotService } from '../tokens/status-lists/status-snapshot.service.js';
import { RefreshTokenFamily } from './refresh-token-family.entity.js';
import {
  ABOVE_SESSION_LIMIT,
  BATCH_OF_CLIENT,
  COMPLETE_ROTATION,
  COUNT_UNREVOKED,
  IN_BROWSER_SESSION,
  INSERT,
  INSERT_OF_CLAIMED_DEVICE,
  OF_ACCOUNT_AND_CLIENT,
  OUTSIDE_BROWSER_SESSION,
  SELECT_ACTIVE_IDS,
  SELECT_OFFLINE_TO_TELL,
  SELECT_REVOKED_STATUS_INDEXES,
} from './refresh-token-family.statements.js';
import { buildRotation, EXPIRED_FAMILY_ROWS, REVOKED_FAMILY_ROWS } from './refresh-token-limits.js';

/** A family before its first rotation, without the device of the login. */
export type NewRefreshTokenFamily = Omit<
  RefreshTokenFamily,
  | 'generation'
  | 'rotatedAt'
  | 'endedAt'
  | 'endReason'
  | 'session'
  | 'expiresAt'
  | keyof DeviceInfo
  | FamilyMethod
>;
type FamilyMethod = 'classifyToken' | 'isActiveAt';

/** One rotation, made at `now`. Instants are milliseconds since the epoch. */
export interface Rotation {
  readonly now: number;
  readonly idleExpiresAt: number;
  /** Thumbprint of the key that the family is bound to from now on, unless it is bound already. */
  readonly dpopJkt: string | null;
}

/** Why and when families are revoked. */
export interface Revocation {
  readonly reason: RevocationReason;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** How many families of an account stay, beside the newest. */
export interface SessionLimit {
  readonly newestId: string;
  readonly clientId: string;
  readonly limit: number;
}

export interface RevokedFamily {
  readonly id: string;
  readonly account_id: string;
  readonly client_id: string;
  readonly user_agent: string | null;
  readonly origin: string | null;
  /** When the family would have expired, in milliseconds since the epoch. */
  readonly ends_at: number;
  /** Where its client receives logout tokens. */
  readonly logout_uri: string | null;
}

export type OfflineFamily = Pick<RevokedFamily, 'id' | 'account_id' | 'client_id'>;

/** The scope is a list of words that spaces separate. */
type UnrevokedFamily = Record<'id' | 'scope', string> &
  Record<'browser_session_id' | 'claims', string | null>;

/** All SQL of the table `refresh_token_family`. */
@Injectable()
export class RefreshTokenFamilyRepository implements OnModuleInit {
  private readonly lookup: RowLookup<RefreshTokenFamily>;
  private readonly rotation: ConditionalUpdate;

  constructor(
    @InjectRepository(RefreshTokenFamily)
    private readonly repository: Repository<RefreshTokenFamily>,
    private readonly unitOfWork: UnitOfWork,
    private readonly statusLists: StatusListService,
    private readonly snapshots: StatusSnapshotService,
    private readonly cleanup: CleanupJob,
  ) {
    this.lookup = unitOfWork.lookup(RefreshTokenFamily);
    this.rotation = unitOfWork.conditionalUpdate(buildRotation(unitOfWork.isPostgres));
  }

  onModuleInit(): void {
    this.snapshots.addSource(SELECT_REVOKED_STATUS_INDEXES);
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, REVOKED_FAMILY_ROWS));
    this.cleanup.add(createKeyRangeCleanup(this.unitOfWork, EXPIRED_FAMILY_ROWS));
  }

  find(id: string): Promise<RefreshTokenFamily | undefined> {
    return this.lookup.find(id);
  }

  /** The newest first. Expired families are included. */
  findUnrevoked(accountId: string): Promise<RefreshTokenFamily[]> {
    return this.repository.find({
      where: { accountId, endedAt: IsNull() },
      order: { createdAt: 'DESC', id: 'ASC' },
    });
  }

  /** Reads inside a surrounding transaction. Expired families are included. */
  async findUnrevokedIds(accountId: string): Promise<readonly UnrevokedFamily[]> {
    const { rows } = await this.unitOfWork.execute<UnrevokedFamily>(
      'SELECT id, browser_session_id, scope, claims FROM refresh_token_family WHERE account_id = $1 AND ended_at IS NULL',
      [accountId],
    );
    return rows;
  }

  /** Plain SQL without entities, because introspection and every call to the account's own API need it. */
  async findActiveIds(accountId: string, now: number): Promise<readonly string[]> {
    const rows = await this.unitOfWork.query<{ id: string }>(SELECT_ACTIVE_IDS, [accountId, now]);
    return rows.map(({ id }) => id);
  }

  /** An index in a status list for a new family. Call it before the transaction that inserts the family. */
  allocateStatusIndex(): Promise<number | null> {
    return this.statusLists.allocate();
  }

  /** The read of a {@link ClaimedRow}. Expired families are counted. */
  buildCount(accountId: string): SqlStatement {
    return { sql: COUNT_UNREVOKED, parameters: [accountId] };
  }

  /** @param device left out, the columns of the row `claimed` of a {@link Decision} */
  buildInsert(family: NewRefreshTokenFamily, device?: DeviceInfo): SqlStatement {
    const parameters = [
      ...[family.id, family.accountId, family.clientId],
      ...[family.scope.join(' '), family.resources.join(' ')],
      ...[family.createdAt, family.idleExpiresAt, family.absoluteExpiresAt].map(Number),
      ...[family.statusIndex, family.authenticatedAt?.getTime() ?? null],
      ...[family.browserSessionId, family.amr.join(' '), family.claims, family.dpopJkt],
    ];
    if (!device) return { sql: INSERT_OF_CLAIMED_DEVICE, parameters };
    return { sql: INSERT, parameters: [...parameters, device.userAgent, device.origin] };
  }

  /**
   * Puts the next generation into force. Does not join transactions.
   * @param prepare is called right before the statement is sent; when it throws, nothing is sent
   * @returns false if the row has another generation, or was revoked
   */
  rotate({ id, generation }: RefreshTokenFamily, prepare: () => Rotation): Promise<boolean> {
    return this.rotation.apply(() => {
      const { now, idleExpiresAt, dpopJkt } = prepare();
      return [id, generation, now, idleExpiresAt, dpopJkt];
    });
  }

  /** Moves the instant of a rotation to its end, because it was under way for long. */
  async completeRotation({ id, generation }: RefreshTokenFamily, now: number): Promise<void> {
    await this.unitOfWork.execute(COMPLETE_ROTATION, [id, generation + 1, now]);
  }

  /** @param ids at least one */
  revokeByIds(ids: readonly string[], revocation: Revocation) {
    return this.revoke(`id IN (${ids.map((_, n) => `$${n + 3}`).join()})`, ids, revocation);
  }

  /** Revokes at most 1,000 families. */
  revokeBatchOfClient(clientId: string, revocation: Revocation) {
    return this.revoke(BATCH_OF_CLIENT, [clientId], revocation);
  }

  revokeByAccount(accountId: string, exceptId: string | undefined, revocation: Revocation) {
    if (exceptId === undefined) return this.revoke('account_id = $3', [accountId], revocation);
    return this.revoke('account_id = $3 AND id <> $4', [accountId, exceptId], revocation);
  }

  revokeByAccountAndClient(accountId: string, clientId: string, revocation: Revocation) {
    return this.revoke(OF_ACCOUNT_AND_CLIENT, [accountId, clientId], revocation);
  }

  /** Reads inside a surrounding transaction the families with `offline_access` whose clients receive logout tokens. */
  async findOfflineToTell(browserSessionId: string): Promise<readonly OfflineFamily[]> {
    const { rows } = await this.unitOfWork.execute<OfflineFamily>(SELECT_OFFLINE_TO_TELL, [
      browserSessionId,
    ]);
    return rows;
  }

  /** Families with `offline_access` stay, because they last while the person is away. */
  revokeByBrowserSession(browserSessionId: string, revocation: Revocation) {
    return this.revoke(IN_BROWSER_SESSION, [browserSessionId], revocation);
  }

  revokeOutsideBrowserSession(accountId: string, browserId: string, revocation: Revocation) {
    return this.revoke(OUTSIDE_BROWSER_SESSION, [accountId, browserId], revocation);
  }

  /** The newest family stays, and the newest of the other active ones, `limit` in all. */
  revokeAboveLimit(accountId: string, limit: SessionLimit, revocation: Revocation) {
    const { newestId, clientId, limit: max } = limit;
    const parameters = [accountId, newestId, revocation.now, max - 1, clientId];
    return this.revoke(ABOVE_SESSION_LIMIT, parameters, revocation);
  }

  /** Removes what the families of an account say about its owner. The rows stay for the status list. */
  async erasePersonalData(accountId: string): Promise<void> {
    await this.unitOfWork.execute(
      'UPDATE refresh_token_family SET user_agent = NULL, origin = NULL, claims = NULL WHERE account_id = $1',
      [accountId],
    );
  }

  private async revoke(
    condition: string,
    parameters: readonly unknown[],
    { reason, now }: Revocation,
  ): Promise<readonly RevokedFamily[]> {
    const { rows } = await this.unitOfWork.execute<RevokedFamily>(
      `UPDATE refresh_token_family SET ended_at = $1, end_reason = $2 WHERE ended_at IS NULL AND ${this.lockInIdOrder(condition)}
       RETURNING id, account_id, client_id, user_agent, origin,
         (SELECT backchannel_logout_uri FROM client WHERE client.id = refresh_token_family.client_id) AS logout_uri,
         CASE WHEN idle_expires_at < absolute_expires_at THEN idle_expires_at ELSE absolute_expires_at END AS ends_at`,
      [now, reason, ...parameters],
    );
    return rows;
  }

  /**
   * PostgreSQL locks rows in the order in which it finds them. Rotations lock in id order, and the same order cannot deadlock. An
   * array makes PostgreSQL find the rows by their primary key, also before the first ANALYZE of a new database.
   */
  private lockInIdOrder(condition: string): string {
    if (!this.unitOfWork.isPostgres) return condition;
    const found = condition.replace(/^id IN \((?=\s*SELECT)(.*)\)$/s, 'id = ANY(ARRAY($1))');
    return `id = ANY(ARRAY(
      SELECT id FROM refresh_token_family WHERE ended_at IS NULL AND ${found} ORDER BY id COLLATE "C" FOR UPDATE))`;
  }
}
