import { Accounts } from '../src/accounts/accounts.js';
import { Clients } from '../src/clients/clients.js';
import { RefreshTokens } from '../src/refresh-tokens/refresh-tokens.js';
import type { TestAuth } from './mothers.js';
import { ORDERS } from './mothers.js';

interface Wish {
  readonly scope?: readonly string[];
  readonly resources?: readonly string[];
  readonly claims?: string;
  readonly email?: string;
}

let sessions = 0;

/** A session that a client holds, as if its person had just consented. Returns the refresh token. */
export async function aSessionOf(auth: TestAuth, clientId: string, wish: Wish = {}) {
  const { email = `session-${(sessions += 1)}@gatehouse.example`, ...granted } = wish;
  const accounts = auth.app.get(Accounts);
  await accounts.create(email, 'no password fits this');
  const account = await accounts.findByEmail(email);
  const client = await auth.app.get(Clients).find(clientId);
  if (!account || !client) throw new Error('the test needs both');
  const begun = await auth.app.get(RefreshTokens).begin({
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
export async function refreshed(
  auth: TestAuth,
  refresh_token: string,
  { as, ...more }: Record<string, string> = {},
) {
  const { body } = await auth.token({ grant_type: 'refresh_token', refresh_token, ...more }, as);
  return { access: body['access_token'] ?? '', refresh: body['refresh_token'] ?? '' };
}
