import { randomBytes } from 'node:crypto';
import { type RowLookup, UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { NotificationRepository } from '../platform/notifications/notification.repository.js';
import type { StoredClaims } from '../tokens/standard-claims.js';
import { Account } from './account.entity.js';

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
   * Writes in either case, so that time does not tell whether the e-mail was free.
   * @returns the new account's id, or `undefined` where the e-mail is taken: of two at once exactly one wins
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
   * Tells the owner as well.
   * @param replaces the hash that it takes the place of; whatever there is, where left out
   * @returns whether it did: of two at once that replace the same hash exactly one does
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

  /** @returns whether there is such an account */
  async setClaims(id: string, claims: StoredClaims): Promise<boolean> {
    const updatedAt = Math.floor(this.clock.now() / 1000);
    const { affected } = await this.unitOfWork.execute(
      'UPDATE account SET claims = $2 WHERE id = $1',
      [id, JSON.stringify({ ...claims, updated_at: updatedAt })],
    );
    return affected === 1;
  }

  /**
   * The same password with another hash: nothing that the owner would notice.
   * @returns whether it did: of two at once that replace the same hash exactly one does
   */
  async replacePasswordHash({ id, passwordHash }: Account, next: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      'UPDATE account SET password_hash = $3 WHERE id = $1 AND password_hash = $2',
      [id, passwordHash, next],
    );
    return affected === 1;
  }

  /** @returns whether it was not disabled before */
  async disable(id: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `UPDATE account SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL`,
      [id, this.clock.now()],
    );
    return affected === 1;
  }
}
