import type { UnitOfWork } from '@gatehouse/persistence';

/** As it was when the person proved who they are. */
export interface AuthenticatedAccount {
  readonly id: string;
  readonly passwordHash: string;
}

/**
 * Begins a login in its transaction: logins of one account queue up here, on all replicas, and none is counted before the one
 * ahead of it is written.
 *
 * @param now milliseconds since the epoch
 * @returns false where the account was disabled, or has another password, since it was proven
 */
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
