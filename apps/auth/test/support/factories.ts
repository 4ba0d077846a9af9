import { AccountRepository } from '../../src/accounts/account.repository.js';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { RefreshTokenService } from '../../src/sessions/refresh-token.service.js';
import { ORDERS, type TestAuth } from './test-auth.js';

interface SessionOptions {
  readonly scope?: readonly string[];
  readonly resources?: readonly string[];
  readonly claims?: string;
  readonly email?: string;
}

let sessionCount = 0;

/** A session that a client holds, as if its person had just consented. Returns the refresh token. */
export async function aSession(auth: TestAuth, clientId: string, wish: SessionOptions = {}) {
  const { email = `session-${(sessionCount += 1)}@gatehouse.example`, ...granted } = wish;
  const accounts = auth.app.get(AccountRepository);
  await accounts.create(email, 'no password fits this');
  const account = await accounts.findByEmail(email);
  const client = await auth.app.get(ClientRepository).findEnabled(clientId);
  if (!account || !client) throw new Error('the test needs both');
  const begun = await auth.app.get(RefreshTokenService).create({
    scope: ['orders:read'],
    resources: [ORDERS],
    device: { userAgent: null, origin: null },
    ...granted,
    account,
    client,
  });
  return begun?.token ?? '';
}

/** The next pair of its session. */
export async function refreshSession(
  auth: TestAuth,
  refresh_token: string,
  { as, ...more }: Record<string, string> = {},
) {
  const { body } = await auth.token({ grant_type: 'refresh_token', refresh_token, ...more }, as);
  return { access: body['access_token'] ?? '', refresh: body['refresh_token'] ?? '' };
}
