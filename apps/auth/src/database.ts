import type { DatabaseSettings } from '@gatehouse/persistence';
import { Account } from './accounts/account.entity.js';
import type { AuthConfig } from './auth.config.js';
import { Client } from './clients/client.entity.js';
import { FirstTables1764000000000 } from './platform/migrations/1764000000000-first-tables.js';
import { SessionsKeysEvents1764100000000 } from './platform/migrations/1764100000000-sessions-keys-events.js';
import { Authorization1764200000000 } from './platform/migrations/1764200000000-authorization.js';
import { Roles1764700000000 } from './platform/migrations/1764700000000-roles.js';
import { ClientOrigins1764710000000 } from './platform/migrations/1764710000000-client-origins.js';
import { ClientOptions1764720000000 } from './platform/migrations/1764720000000-client-options.js';
import { ClientAssertionAudience1764730000000 } from './platform/migrations/1764730000000-client-assertion-audience.js';
import { ClientPkce1764740000000 } from './platform/migrations/1764740000000-client-pkce.js';
import { EmailActions1764750000000 } from './platform/migrations/1764750000000-email-actions.js';
import { BackchannelLogout1764770000000 } from './platform/migrations/1764770000000-backchannel-logout.js';
import { AuthorizationCode } from './sessions/authorization-code.entity.js';
import { BrowserSession } from './sessions/browser-session.entity.js';
import { RefreshTokenFamily } from './sessions/refresh-token-family.entity.js';
import { SigningKey } from './tokens/keys/signing-key.entity.js';

/** Production does not migrate at start: `ops migrate` runs before the new version starts. */
export const authDatabase = (config: AuthConfig): DatabaseSettings => ({
  name: 'auth',
  databaseUrl: config.DATABASE_URL,
  dataDir: config.DATA_DIR,
  entities: [Account, AuthorizationCode, BrowserSession, Client, RefreshTokenFamily, SigningKey],
  migrations: [
    FirstTables1764000000000,
    SessionsKeysEvents1764100000000,
    Authorization1764200000000,
    Roles1764700000000,
    ClientOrigins1764710000000,
    ClientOptions1764720000000,
    ClientAssertionAudience1764730000000,
    ClientPkce1764740000000,
    EmailActions1764750000000,
    BackchannelLogout1764770000000,
  ],
  migrate: config.NODE_ENV !== 'production',
});
