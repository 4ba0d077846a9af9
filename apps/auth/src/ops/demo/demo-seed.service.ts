import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { hashClientSecret } from '../../clients/client-secret.js';
import { TOKEN_EXCHANGE } from '../../clients/client.entity.js';
import { type ClientRegistration, ClientRepository } from '../../clients/client.repository.js';
import { AccountSeedService } from './account-seed.service.js';
import { CredentialsFile } from './credentials-file.js';

/** One of each kind, to try things with and to copy from. */
export const buildDemoClients = (
  kept: CredentialsFile,
  config: Pick<AuthConfig, 'RESOURCE_SERVERS'>,
): readonly ClientRegistration[] => [
  buildOrdersServiceClient(kept, config),
  {
    id: 'short-lived-demo',
    ...createSecretAuthentication(kept, 'SHORT_LIVED_SECRET'),
    grantTypes: ['client_credentials'],
    scope: ['orders:read'],
    accessTokenTtl: 1,
  },
  {
    ...APPLICATION_DEFAULTS,
    id: 'demo-website',
    name: 'Demo Website',
    ...createSecretAuthentication(kept, 'DEMO_WEBSITE_SECRET'),
    redirectUris: ['http://localhost:4000/callback'],
    postLogoutRedirectUris: ['http://localhost:4000/'],
  },
  {
    ...APPLICATION_DEFAULTS,
    ...PUBLIC_CLIENT,
    id: 'demo-spa',
    name: 'Demo Single-Page App',
    // At the loopback address any port is good (RFC 8252 §7.3), at the name it is this one.
    redirectUris: ['http://localhost:4001/callback', 'http://127.0.0.1/callback'],
    postLogoutRedirectUris: ['http://localhost:4001/'],
  },
  buildDocsClient(config),
  {
    ...APPLICATION_DEFAULTS,
    ...PUBLIC_CLIENT,
    id: 'demo-app',
    name: 'Demo App',
    redirectUris: ['com.example.demo:/callback', 'http://127.0.0.1/callback'],
    postLogoutRedirectUris: [],
  },
];

/** *Authorize* at /docs of the resource servers; at the loopback address on any port (RFC 8252 §7.3). */
const buildDocsClient = ({
  RESOURCE_SERVERS: servers,
}: Pick<AuthConfig, 'RESOURCE_SERVERS'>): ClientRegistration => ({
  ...APPLICATION_DEFAULTS,
  ...PUBLIC_CLIENT,
  id: 'demo-docs',
  name: 'API Documentation',
  grantTypes: ['authorization_code'],
  scope: APPLICATION_DEFAULTS.scope
    .filter((scope) => /^(orders|billing):/.test(scope))
    .concat('billing:pay'),
  redirectUris: [...servers.map(({ identifier }) => identifier), 'http://127.0.0.1']
    .filter((address) => /^https?:/.test(address))
    .map((address) => `${address.replace(/\/$/, '')}/docs/oauth2-redirect.html`),
  postLogoutRedirectUris: [],
});

/** Calls billing: as itself, and for whoever called orders. */
function buildOrdersServiceClient(
  kept: CredentialsFile,
  { RESOURCE_SERVERS: [orders, billing] }: Pick<AuthConfig, 'RESOURCE_SERVERS'>,
): ClientRegistration {
  return {
    id: 'orders-service',
    name: 'Orders',
    ...createSecretAuthentication(kept, 'ORDERS_SERVICE_SECRET'),
    grantTypes: ['client_credentials', TOKEN_EXCHANGE],
    scope: ['billing:invoices:create', 'billing:read'],
    resourceServer: orders?.identifier ?? null,
    exchangeTargets: billing ? [billing.identifier] : [],
  };
}

/** People log in to it, and are asked whether it may have what it asks for. */
const APPLICATION_DEFAULTS = {
  grantTypes: ['authorization_code', 'refresh_token'],
  scope: [
    ...['openid', 'profile', 'email', 'offline_access'],
    ...['orders:read', 'orders:write', 'billing:read'],
  ],
};

const PUBLIC_CLIENT = { authMethod: 'none', secretHashes: [] } as const;

const createSecretAuthentication = (kept: CredentialsFile, name: string) =>
  ({
    authMethod: 'client_secret_basic',
    secretHashes: [hashClientSecret(kept.getOrCreate(name))],
  }) as const;

const DEMO_CLAIMS = {
  name: 'Demo Person',
  given_name: 'Demo',
  family_name: 'Person',
  locale: 'en',
};

/** An account and some clients to try things with. Development only. */
@Injectable()
export class DemoSeedService implements OnApplicationBootstrap {
  constructor(
    private readonly accounts: AccountSeedService,
    private readonly clients: ClientRepository,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.SEED_DEMO) return;
    const kept = await CredentialsFile.open(join(this.config.DATA_DIR, 'demo.env'));
    const email = kept.getOrCreate('DEMO_EMAIL', () => 'demo@gatehouse.example');
    const password = kept.getOrCreate('DEMO_PASSWORD');
    const clients = buildDemoClients(kept, this.config);
    await kept.save();
    await this.accounts.createIfMissing({ email, password, claims: DEMO_CLAIMS });
    for (const client of clients) await this.clients.upsert(client);
  }
}
