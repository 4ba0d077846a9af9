import { createHash, randomBytes } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../platform/security-events/security-event.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { AccountRepository } from './account.repository.js';

/** 256 random bits, base64url. A fast hash is enough. Other texts cause no query. */
const CODE_PATTERN = /^[\w-]{43}$/;

const hashCode = (code: string): string => createHash('sha256').update(code).digest('base64url');

/** All SQL of the table `invitation`. Instants are milliseconds since the epoch. */
@Injectable()
export class InvitationRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** A new invitation replaces the previous one of the same address. Expired invitations are deleted. */
  async save(email: string, code: string, expiresAt: number): Promise<void> {
    const now = this.clock.now();
    await this.unitOfWork.execute('DELETE FROM invitation WHERE expires_at <= $1', [now]);
    await this.unitOfWork.execute(
      `INSERT INTO invitation (email, code_hash, created_at, expires_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (email) DO UPDATE SET code_hash = excluded.code_hash, created_at = excluded.created_at,
         expires_at = excluded.expires_at`,
      [email, hashCode(code), now, expiresAt],
    );
  }

  /** @returns the invited e-mail address; undefined if the code is wrong, used or expired */
  async findEmail(code: string): Promise<string | undefined> {
    if (!CODE_PATTERN.test(code)) return undefined;
    const [invitation] = await this.unitOfWork.query<{ email: string }>(
      'SELECT email FROM invitation WHERE code_hash = $1 AND expires_at > $2',
      [hashCode(code), this.clock.now()],
    );
    return invitation?.email;
  }

  async deleteOfAddress(email: string): Promise<void> {
    await this.unitOfWork.execute('DELETE FROM invitation WHERE email = $1', [email]);
  }

  /** @returns false if the code is wrong, used, expired or for another address: of concurrent calls exactly one uses it */
  async use(code: string, email: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      'DELETE FROM invitation WHERE code_hash = $1 AND email = $2 AND expires_at > $3',
      [hashCode(code), email, this.clock.now()],
    );
    return affected === 1;
  }
}

/** Invites the owners of e-mail addresses to register, while `REGISTRATION` is `invited`. */
@Injectable()
export class InvitationService {
  constructor(
    private readonly invitations: InvitationRepository,
    private readonly accounts: AccountRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: SecurityEventService,
    private readonly clock: Clock,
  ) {}

  /**
   * @param email lower case
   * @param lifetimeSeconds how long the code is valid
   * @returns the code, which the server does not store; undefined if the address has an account
   */
  async invite(email: string, lifetimeSeconds: number, by: Actor): Promise<string | undefined> {
    if (await this.accounts.findByEmail(email)) return undefined;
    const code = randomBytes(32).toString('base64url');
    const expiresAt = this.clock.now() + lifetimeSeconds * 1000;
    await this.unitOfWork.transaction(async () => {
      await this.invitations.save(email, code, expiresAt);
      await this.events.record({ type: 'account.invited', by });
    });
    return code;
  }
}
