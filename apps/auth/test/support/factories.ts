import { randomBytes } from 'node:crypto';
import { type Clock, RequestArrival } from '@gatehouse/service-kit';
import type { Account } from '../../src/accounts/account.entity.js';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { type ClientRegistration, ClientRepository } from '../../src/clients/client.repository.js';
import { RefreshTokenService } from '../../src/sessions/refresh-token.service.js';
import { PHOTOS, type TestAuth } from './test-auth.js';

export const CALLBACK = 'https://client.example/callback';

/** Registers a client for the code flow; without a secret, a public client. @returns its id */
export async function aClient(
  auth: TestAuth,
  client: Partial<ClientRegistration> & { readonly secret?: string } = {},
): Promise<string> {
  const id = client.id ?? `client-${randomBytes(6).toString('hex')}`;
  await auth.registerClient({
    id,
    grantTypes: ['authorization_code', 'refresh_token'],
    scope: ['openid', 'profile', 'email', 'offline_access', 'photos:read', 'tickets:read'],
    redirectUris: [CALLBACK],
    ...client,
  });
  return id;
}

/** Registers an account with the password of the tests. */
export async function anAccount(auth: TestAuth, email?: string): Promise<Account> {
  const address = email ?? `${randomBytes(6).toString('hex')}@gatehouse.example`;
  await auth.register(address);
  const account = await auth.app.get(AccountRepository).findByEmail(address);
  if (!account) throw new Error('the account was not registered');
  return account;
}

/** A request that arrives now, and whose client waits for the answer. */
export const anArrival = (clock: Clock): RequestArrival =>
  new RequestArrival(
    clock,
    { destroyed: false, readableEnded: false },
    { unreadMs: 0, deadlineMs: 20_000 },
  );

interface SessionOptions {
  readonly scope?: readonly string[];
  readonly resources?: readonly string[];
  readonly claims?: string;
  readonly email?: string;
  /** An account that exists. */
  readonly accountId?: string;
}

let sessionCount = 0;

/** Creates a session of a client, as if its user had just consented. @returns the refresh token */
export async function aSession(auth: TestAuth, clientId: string, options: SessionOptions = {}) {
  const { email, accountId, ...granted } = options;
  const accounts = auth.app.get(AccountRepository);
  const account = accountId
    ? await accounts.find(accountId)
    : await createAccount(accounts, email ?? `session-${(sessionCount += 1)}@gatehouse.example`);
  const client = await auth.app.get(ClientRepository).findEnabled(clientId);
  if (!account || !client) throw new Error('a session needs an account and a client');
  const created = await auth.app.get(RefreshTokenService).create({
    scope: ['photos:read'],
    resources: [PHOTOS],
    device: { userAgent: null, origin: null },
    ...granted,
    account,
    client,
  });
  return created?.token ?? '';
}

async function createAccount(accounts: AccountRepository, email: string) {
  await accounts.create(email, 'not a hash of any password');
  return accounts.findByEmail(email);
}

/** Refreshes a session. @returns its next tokens */
export async function refreshSession(
  auth: TestAuth,
  refresh_token: string,
  { as, ...more }: Record<string, string> = {},
) {
  const { body } = await auth.token({ grant_type: 'refresh_token', refresh_token, ...more }, as);
  return { access: body['access_token'] ?? '', refresh: body['refresh_token'] ?? '' };
}
