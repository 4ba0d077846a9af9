import { randomBytes } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Account } from './account.entity.js';

@Injectable()
export class Accounts {
  constructor(
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  findByEmail(email: string): Promise<Account | null> {
    return this.accounts.findOneBy({ email });
  }

  /** @returns the new account's id, or `undefined` where the e-mail is taken: of two at once exactly one wins */
  async create(email: string, passwordHash: string): Promise<string | undefined> {
    const id = `acct_${randomBytes(16).toString('base64url')}`;
    const { affected } = await this.unitOfWork.execute(
      `INSERT INTO account (id, email, password_hash, created_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (email) DO NOTHING`,
      [id, email, passwordHash, this.clock.now()],
    );
    return affected === 1 ? id : undefined;
  }
}
