import { randomBytes } from 'node:crypto';
import { type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { NotificationRepository } from '../platform/notifications/notification.repository.js';
import { Account } from './account.entity.js';

/** The account as it was when the person authenticated. */
export type AuthenticatedAccount = Pick<Account, 'id' | 'passwordHash'>;

/** All SQL of table `account`. The conditions of its updates are the locks, so the statements are written by hand. */
@Injectable()
export class AccountRepository {
  private readonly lookup: RowLookup<Account>;

  constructor(
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly notifications: NotificationRepository,
  ) {
    this.lookup = unitOfWork.lookup(Account);
  }

  findByEmail(email: string): Promise<Account | null> {
    return this.accounts.findOneBy({ email });
  }

  async find(id: string): Promise<Account | null> {
    return (await this.lookup.find(id)) ?? null;
  }

  /**
   * Writes a row in both cases, so that the duration does not reveal whether the e-mail was free.
   * @returns the new account's id, or `undefined` if the e-mail is taken; of concurrent calls exactly one creates the account
   */
  async create(email: string, passwordHash: string): Promise<string | undefined> {
    const id = `acct_${randomBytes(16).toString('base64url')}`;
    const { rows } = await this.unitOfWork.execute<{ id: string }>(
      `INSERT INTO account (id, email, password_hash, created_at, pairwise_seed) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (email) DO UPDATE SET email = excluded.email
       RETURNING id`,
      [id, email, passwordHash, this.clock.now(), randomBytes(16).toString('base64url')],
    );
    return rows[0]?.id === id ? id : undefined;
  }

  /**
   * Starts a login inside the caller's transaction. The update locks the row on all replicas, so concurrent logins of one
   * account run one after the other, and each one counts the sessions that the previous one wrote.
   *
   * @param now milliseconds since the epoch
   * @returns false if the account was disabled, or its password changed, after the person authenticated
   */
  async claimForLogin({ id, passwordHash }: AuthenticatedAccount, now: number): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `UPDATE account SET last_login_at = $3 WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL`,
      [id, passwordHash, now],
    );
    return affected === 1;
  }

  /** Locks the row until the caller's transaction ends, and changes nothing. Logins lock the same row in {@link claimForLogin}. */
  async lock(id: string): Promise<void> {
    await this.unitOfWork.execute(
      'UPDATE account SET last_login_at = last_login_at WHERE id = $1',
      [id],
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
        `UPDATE account SET password_hash = $2 WHERE id = $1 AND password_hash = COALESCE($3, password_hash)`,
        [id, passwordHash, replaces ?? null],
      );
      if (affected === 0) return false;
      await this.notifications.enqueue({ accountId: id, kind: 'password_changed', detail: {} });
      return true;
    });
  }

  /** @returns whether the account exists */
  async setClaims(id: string, claims: Readonly<Record<string, unknown>>): Promise<boolean> {
    const updatedAt = Math.floor(this.clock.now() / 1000);
    const { affected } = await this.unitOfWork.execute(
      'UPDATE account SET claims = $2 WHERE id = $1',
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

  /** @returns whether this call disabled the account; false if it does not exist or was disabled before */
  async disable(id: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `UPDATE account SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL`,
      [id, this.clock.now()],
    );
    return affected === 1;
  }
}
