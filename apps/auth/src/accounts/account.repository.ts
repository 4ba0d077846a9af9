import { randomBytes } from 'node:crypto';
import {
  CleanupJob,
  createIndexedCleanup,
  type RowLookup,
  type SqlStatement,
  UnitOfWork,
} from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import {
  type MailRecipient,
  NotificationRepository,
} from '../platform/notifications/notification.repository.js';
import type { StoredClaims } from '../tokens/standard-claims.js';
import { Account } from './account.entity.js';

/** The account as it was when the person authenticated. */
export type AuthenticatedAccount = Pick<Account, 'id' | 'passwordHash'> & {
  /** Reverts the count of the login attempt, in the transaction that creates the session. */
  readonly attemptRemoval?: SqlStatement | undefined;
};

export interface NewEmailOptions {
  /** The password hash at the request; if the account has another hash by now, nothing changes. */
  readonly confirmedHash?: string;
  /** Gets a mail about it. */
  readonly informed?: MailRecipient | undefined;
}

/** Selects accounts. */
export interface AccountQuery {
  /** Lower case. */
  readonly emailPrefix?: string | undefined;
  /** Only accounts whose e-mail address comes later. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** The tables with rows of accounts. */
const ACCOUNT_TABLES = [
  ...['account_role', 'authorization_code', 'browser_session', 'consent', 'email_action'],
  ...['notification', 'refresh_token_family'],
];

/** The status list reports the sessions of an erased account for an hour, so their rows stay for a day. */
const ERASED_ACCOUNTS = {
  table: 'account',
  key: 'id',
  condition: [
    'erased_at < $1',
    ...ACCOUNT_TABLES.map(
      (table) => `NOT EXISTS (SELECT 1 FROM ${table} WHERE account_id = account.id)`,
    ),
  ].join(' AND '),
  orderedBy: 'erased_at',
  retentionSeconds: 86_400,
};

/** The owner of an account can restore this previous address, so no other account gets it meanwhile. */
const RESERVED_EMAIL = `SELECT 1 FROM email_action WHERE kind = 'restore_email' AND subject = $2`;

const CREATE = `
  INSERT INTO account (id, email, password_hash, created_at, pairwise_seed)
  SELECT CAST($1 AS varchar), CAST($2 AS varchar), CAST($3 AS varchar), CAST($4 AS bigint), CAST($5 AS varchar)
  WHERE NOT EXISTS (${RESERVED_EMAIL} AND expires_at > $4)
  ON CONFLICT (email) DO UPDATE SET email = excluded.email
  RETURNING id`;
const DELETE_IF_RESERVED = `DELETE FROM account WHERE id = $1 AND EXISTS (${RESERVED_EMAIL} AND expires_at > $3)`;

const CLAIM_FOR_LOGIN =
  'UPDATE account SET last_login_at = $3 WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL';

/** The same lock as that of an update. */
const LOCK_WITHOUT_WAITING = 'SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE NOWAIT';

/** All SQL of table `account`. The conditions of its updates are the locks, so the statements are written by hand. */
@Injectable()
export class AccountRepository implements OnModuleInit {
  private readonly lookup: RowLookup<Account>;
  private readonly byEmail: RowLookup<Account>;

  constructor(
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly notifications: NotificationRepository,
    private readonly cleanup: CleanupJob,
  ) {
    this.lookup = unitOfWork.lookup(Account);
    this.byEmail = unitOfWork.lookup(Account, { column: 'email', condition: 'erased_at IS NULL' });
  }

  onModuleInit(): void {
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, ERASED_ACCOUNTS));
  }

  async findByEmail(email: string): Promise<Account | null> {
    return (await this.byEmail.find(email)) ?? null;
  }

  async find(id: string): Promise<Account | null> {
    const account = await this.lookup.find(id);
    return account?.erasedAt === null ? account : null;
  }

  /** A page of all accounts, in the order of their e-mail addresses. */
  findPage({ emailPrefix = '', after = '', limit }: AccountQuery): Promise<Account[]> {
    return this.accounts
      .createQueryBuilder('account')
      .where('account.erased_at IS NULL AND account.email > :after', { after })
      .andWhere(`substr(account.email, 1, ${emailPrefix.length}) = :emailPrefix`, { emailPrefix })
      .orderBy('account.email')
      .limit(limit)
      .getMany();
  }

  /**
   * Writes a row in both cases, so that the duration does not reveal whether the e-mail was free.
   * @returns the new account's id, or `undefined` if the e-mail is taken; of concurrent calls exactly one creates the account
   */
  async create(email: string, passwordHash: string): Promise<string | undefined> {
    const id = `acct_${randomBytes(16).toString('base64url')}`;
    const now = this.clock.now();
    const seed = randomBytes(16).toString('base64url');
    return this.unitOfWork.transaction(async () => {
      const values = [id, email, passwordHash, now, seed];
      const { rows } = await this.unitOfWork.execute<{ id: string }>(CREATE, values);
      // The INSERT may have waited for a transaction that reserved the address, and PostgreSQL shows it to the next statement only.
      const deletion = await this.unitOfWork.execute(DELETE_IF_RESERVED, [id, email, now]);
      return rows[0]?.id === id && deletion.affected === 0 ? id : undefined;
    });
  }

  /**
   * Starts a login inside the caller's transaction. The update locks the row on all replicas, so concurrent logins of one
   * account run one after the other, and each one counts the sessions that the previous one wrote. It changes no row if the
   * account was disabled, or its password changed, after the person authenticated.
   *
   * @param now milliseconds since the epoch
   */
  buildLoginClaim({ id, passwordHash }: AuthenticatedAccount, now: number): SqlStatement {
    return { sql: CLAIM_FOR_LOGIN, parameters: [id, passwordHash, now] };
  }

  /** The lock of {@link UnitOfWork.decide}. */
  buildLock(id: string): SqlStatement {
    return { sql: LOCK_WITHOUT_WAITING, parameters: [id] };
  }

  /** Locks the row until the caller's transaction ends, and changes nothing. Logins lock the same row. */
  async lock(id: string): Promise<void> {
    await this.unitOfWork.execute(
      'UPDATE account SET last_login_at = last_login_at WHERE id = $1',
      [id],
    );
  }

  /** The same lock, by the address of the account. */
  async lockByEmail(email: string): Promise<void> {
    await this.unitOfWork.execute(
      'UPDATE account SET last_login_at = last_login_at WHERE email = $1',
      [email],
    );
  }

  /**
   * Sets a new password, and enqueues the mail that reports the change to the account's owner in the same transaction.
   * @param replaces the expected current hash; without it, the password is replaced unconditionally
   * @returns whether the row changed; of concurrent calls with the same expected hash exactly one changes it
   */
  setPassword(id: string, passwordHash: string, replaces?: string): Promise<boolean> {
    return this.unitOfWork.transaction(async () => {
      const { affected } = await this.unitOfWork.execute(
        `UPDATE account SET password_hash = $2 WHERE id = $1 AND password_hash = COALESCE($3, password_hash) AND erased_at IS NULL`,
        [id, passwordHash, replaces ?? null],
      );
      if (affected === 0) return false;
      await this.notifications.enqueue({ accountId: id, kind: 'password_changed', detail: {} });
      return true;
    });
  }

  /**
   * Sets another e-mail address. A concurrent transaction that gives it to another account makes one of them fail with an error of
   * the unique index.
   * @returns whether the row changed; false also if another account has the address, or can restore it
   */
  async setEmail(
    id: string,
    email: string,
    { confirmedHash, informed }: NewEmailOptions,
  ): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `UPDATE account SET email = $2
       WHERE id = $1 AND password_hash = COALESCE($3, password_hash) AND disabled_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM account AS other WHERE other.email = $2 AND other.id <> $1)
         AND NOT EXISTS (${RESERVED_EMAIL} AND expires_at > $4 AND account_id <> $1)`,
      [id, email, confirmedHash ?? null, this.clock.now()],
    );
    if (affected === 0) return false;
    const kind = 'email_changed';
    if (informed) await this.notifications.enqueue({ accountId: id, kind, detail: informed });
    return true;
  }

  /** Reads inside a surrounding transaction. */
  async findClaims(id: string): Promise<StoredClaims & { readonly updated_at?: number }> {
    const { rows } = await this.unitOfWork.execute<{ claims: string }>(
      'SELECT claims FROM account WHERE id = $1',
      [id],
    );
    return JSON.parse(rows[0]?.claims ?? '{}');
  }

  /** @returns whether the account exists */
  async setClaims(id: string, claims: Readonly<Record<string, unknown>>): Promise<boolean> {
    const updatedAt = Math.floor(this.clock.now() / 1000);
    const { affected } = await this.unitOfWork.execute(
      'UPDATE account SET claims = $2 WHERE id = $1 AND erased_at IS NULL',
      [id, JSON.stringify({ ...claims, updated_at: updatedAt })],
    );
    return affected === 1;
  }

  /**
   * Stores another hash of the same password. The owner is not notified, because the password did not change.
   * @returns whether the row changed; of concurrent calls with the same current hash exactly one changes it
   */
  async replacePasswordHash({ id, passwordHash }: Account, next: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      'UPDATE account SET password_hash = $3 WHERE id = $1 AND password_hash = $2',
      [id, passwordHash, next],
    );
    return affected === 1;
  }

  /** @returns whether this call enabled the account; false if it does not exist or was not disabled */
  async enable(id: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      'UPDATE account SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL AND erased_at IS NULL',
      [id],
    );
    return affected === 1;
  }

  /**
   * Removes the personal data of the account, and its messages. The row stays without data as long as other rows refer to it, so
   * that a concurrent request of the user cannot fail on a missing row. The e-mail address is free again.
   * @param informed gets a mail about it; the outbox forgets the address with the mail
   * @returns whether this call erased the account; false if it does not exist
   */
  async erase(id: string, informed?: MailRecipient): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `UPDATE account SET email = 'erased:' || id, password_hash = '', claims = '{}', pairwise_seed = '', last_login_at = NULL,
         disabled_at = COALESCE(disabled_at, $2), erased_at = $2
       WHERE id = $1 AND erased_at IS NULL`,
      [id, this.clock.now()],
    );
    if (affected === 0) return false;
    await this.notifications.deleteOfAccount(id);
    if (informed !== undefined) {
      const detail = informed;
      await this.notifications.enqueue({ accountId: id, kind: 'account_deleted', detail });
    }
    return true;
  }

  /** @returns whether this call disabled the account; false if it does not exist or was disabled before */
  async disable(id: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `UPDATE account SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL`,
      [id, this.clock.now()],
    );
    return affected === 1;
  }
}
