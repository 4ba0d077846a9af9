import type { UnitOfWork } from '@gatehouse/persistence';
import type { AuthenticatedAccount } from './account.repository.js';

export type { AuthenticatedAccount };

/** The same statement as `AccountRepository.claimForLogin`, for classes that do not inject the repository yet. */
export async function lockAccountForLogin(
  unitOfWork: UnitOfWork,
  { id, passwordHash }: AuthenticatedAccount,
  now: number,
): Promise<boolean> {
  const { affected } = await unitOfWork.execute(
    `UPDATE account SET last_login_at = $3 WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL`,
    [id, passwordHash, now],
  );
  return affected === 1;
}
