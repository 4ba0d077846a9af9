import type { Account } from '../accounts/account.entity.js';
import { Accounts } from '../accounts/accounts.js';
import type { Server } from './operator.js';
import { Refusal } from './refusal.js';

/**
 * @param name an e-mail address, or the id of an account
 * @throws {Refusal} where there is none
 */
export async function accountOf(server: Server, name: string): Promise<Account> {
  const accounts = server.get(Accounts);
  const account = name.startsWith('acct_')
    ? await accounts.find(name)
    : await accounts.findByEmail(name.toLowerCase());
  if (!account) throw new Refusal(`there is no account ${name}`);
  return account;
}

/** Events outlive accounts, so an id needs no account. */
export const idOf = async (server: Server, name: string): Promise<string> =>
  name.startsWith('acct_') ? name : (await accountOf(server, name)).id;
