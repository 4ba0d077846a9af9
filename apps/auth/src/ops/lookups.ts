import type { Account } from '../accounts/account.entity.js';
import { AccountRepository } from '../accounts/account.repository.js';
import { normalizeEmail } from '../accounts/email-address.js';
import type { Client } from '../clients/client.entity.js';
import { ClientOperationsService } from '../sessions/client-operations.service.js';
import { OperationRefused } from './errors.js';
import type { Server } from './operation-runner.js';

/**
 * @param name the e-mail address or the id of an account
 * @throws {OperationRefused} when the account does not exist
 */
export async function requireAccount(server: Server, name: string): Promise<Account> {
  const accounts = server.get(AccountRepository);
  const account = name.startsWith('acct_')
    ? await accounts.find(name)
    : await accounts.findByEmail(normalizeEmail(name) ?? name);
  if (!account) throw new OperationRefused(`there is no account ${name}`);
  return account;
}

/** An id is accepted without a look-up, because events outlive accounts. */
export const resolveAccountId = async (server: Server, name: string): Promise<string> =>
  name.startsWith('acct_') ? name : (await requireAccount(server, name)).id;

/** @throws {OperationRefused} when the client does not exist */
export async function requireClient(server: Server, id: string): Promise<Client> {
  const client = await server.get(ClientOperationsService).find(id);
  if (!client) {
    throw new OperationRefused(`there is no client ${id}: list the clients to see all of them`);
  }
  return client;
}
