import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';

const SELECT_ROLES = 'SELECT role FROM account_role WHERE account_id = $1 ORDER BY role';

/** All SQL of the table `account_role`. */
@Injectable()
export class AccountRoleRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** In alphabetical order. Inside a transaction it sees the changes of the transaction. */
  async findRoles(accountId: string): Promise<readonly string[]> {
    const rows = this.unitOfWork.isInTransaction
      ? (await this.unitOfWork.execute<{ role: string }>(SELECT_ROLES, [accountId])).rows
      : await this.unitOfWork.query<{ role: string }>(SELECT_ROLES, [accountId]);
    return rows.map(({ role }) => role);
  }

  /** @returns false if the account has the role already: of concurrent calls exactly one grants it */
  async grant(accountId: string, role: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      `INSERT INTO account_role (account_id, role, granted_at) VALUES ($1, $2, $3)
       ON CONFLICT (account_id, role) DO NOTHING`,
      [accountId, role, this.clock.now()],
    );
    return affected === 1;
  }

  async deleteOfAccount(accountId: string): Promise<void> {
    await this.unitOfWork.execute('DELETE FROM account_role WHERE account_id = $1', [accountId]);
  }

  /** @returns false if the account does not have the role: of concurrent calls exactly one revokes it */
  async revoke(accountId: string, role: string): Promise<boolean> {
    const { affected } = await this.unitOfWork.execute(
      'DELETE FROM account_role WHERE account_id = $1 AND role = $2',
      [accountId, role],
    );
    return affected === 1;
  }
}
