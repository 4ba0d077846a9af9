import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { hashClientSecret } from '../../clients/registered-credentials.js';
import { TOKEN_EXCHANGE } from '../../clients/client.entity.js';
import { type ClientRegistration, ClientRepository } from '../../clients/client.repository.js';
import { listPrivilegedScopes } from '../../platform/resource-servers.js';
import { RoleOperationsService } from '../../sessions/account-operations.service.js';
import { AccountSeedService, CredentialsFile } from './seed-credentials.js';

type DemoConfig = Pick<AuthConfig, 'RESOURCE_SERVERS' | 'FIRST_PARTY_SCOPE'>;

/** One client of each kind, as examples. */
const buildDemoClients = (
  file: CredentialsFile,
  config: DemoConfig,
): readonly ClientRegistration[] => [
  buildOrdersServiceClient(file, config),
  {
    id: 'short-lived-demo',
    ...createSecretAuthentication(file, 'SHORT_LIVED_SECRET'),
    grantTypes: ['client_credentials'],
    scope: config.FIRST_PARTY_SCOPE.slice(0, 1),
    accessTokenTtl: 1,
  },
  {
    ...buildApplication(config),
    id: 'demo-website',
    name: 'Demo Website',
    ...createSecretAuthentication(file, 'DEMO_WEBSITE_SECRET'),
    redirectUris: ['http://localhost:4000/callback'],
    postLogoutRedirectUris: ['http://localhost:4000/'],
  },
  {
    ...buildApplication(config),
    ...PUBLIC_CLIENT,
    id: 'demo-spa',
    name: 'Demo Single-Page App',
    // Any port matches at the loopback address (RFC 8252 §7.3), and only this port matches at the name.
    redirectUris: ['http://localhost:4001/callback', 'http://127.0.0.1/callback'],
    postLogoutRedirectUris: ['http://localhost:4001/'],
  },
  buildStaffClient(config),
  buildDocsClient(config),
  {
    ...buildApplication(config),
    ...PUBLIC_CLIENT,
    id: 'demo-app',
    name: 'Demo App',
    redirectUris: ['com.example.demo:/callback', 'http://127.0.0.1/callback'],
    postLogoutRedirectUris: [],
  },
];

/** The *Authorize* button at /docs of the resource servers, also at the loopback address on any port (RFC 8252 §7.3). */
const buildDocsClient = ({ RESOURCE_SERVERS, FIRST_PARTY_SCOPE }: DemoConfig) => ({
  ...PUBLIC_CLIENT,
  id: 'demo-docs',
  name: 'API Documentation',
  grantTypes: ['authorization_code'],
  scope: FIRST_PARTY_SCOPE,
  redirectUris: [...RESOURCE_SERVERS.map(({ identifier }) => identifier), 'http://127.0.0.1']
    .filter((address) => /^https?:/.test(address))
    .map((address) => `${address.replace(/\/$/, '')}/docs/oauth2-redirect.html`),
  postLogoutRedirectUris: [],
});

/** Orders calls billing: as itself, and for the user who called orders. */
function buildOrdersServiceClient(
  file: CredentialsFile,
  { RESOURCE_SERVERS: [orders, billing] }: DemoConfig,
): ClientRegistration {
  return {
    id: 'orders-service',
    name: 'Orders',
    ...createSecretAuthentication(file, 'ORDERS_SERVICE_SECRET'),
    grantTypes: ['client_credentials', TOKEN_EXCHANGE],
    scope: ['billing:invoices:create', 'billing:read'],
    resourceServer: orders?.identifier ?? null,
    exchangeTargets: billing ? [billing.identifier] : [],
  };
}

/** An application that users log in to, with consent. */
const buildApplication = ({ FIRST_PARTY_SCOPE }: DemoConfig) => ({
  grantTypes: ['authorization_code', 'refresh_token'],
  scope: ['openid', 'profile', 'email', 'offline_access', ...FIRST_PARTY_SCOPE],
});

const PUBLIC_CLIENT = { authMethod: 'none', secretHashes: [] } as const;

/** Every user can sign in here, and only users with a role get the privileged scopes. */
const buildStaffClient = (config: DemoConfig): ClientRegistration => ({
  ...buildApplication(config),
  ...PUBLIC_CLIENT,
  id: 'demo-staff',
  name: 'Demo Staff Console',
  scope: ['openid', 'roles', ...listStaffScopes(config)],
  redirectUris: ['http://localhost:4002/callback', 'http://127.0.0.1/callback'],
  postLogoutRedirectUris: ['http://localhost:4002/'],
});

const listStaffScopes = ({ RESOURCE_SERVERS }: DemoConfig) =>
  [...listPrivilegedScopes(RESOURCE_SERVERS)]
    .filter(([, roles]) => roles.length > 0)
    .map(([scope]) => scope);

const createSecretAuthentication = (file: CredentialsFile, name: string) =>
  ({
    authMethod: 'client_secret_basic',
    secretHashes: [hashClientSecret(file.getOrCreate(name))],
  }) as const;

const DEMO_CLAIMS = {
  name: 'Demo Person',
  given_name: 'Demo',
  family_name: 'Person',
  locale: 'en',
  email_verified: true,
};

const STAFF_CLAIMS = { ...DEMO_CLAIMS, name: 'Demo Support', family_name: 'Support' };
const STAFF_ROLE = 'support';

/** Creates a demo account, a staff account and demo clients, in development only. */
@Injectable()
export class DemoSeedService implements OnApplicationBootstrap {
  constructor(
    private readonly accounts: AccountSeedService,
    private readonly clients: ClientRepository,
    private readonly roles: RoleOperationsService,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.SEED_DEMO) return;
    const file = await CredentialsFile.open(join(this.config.DATA_DIR, 'demo.env'));
    const email = file.getOrCreate('DEMO_EMAIL', () => 'demo@gatehouse.example');
    const password = file.getOrCreate('DEMO_PASSWORD');
    const staffEmail = file.getOrCreate('DEMO_STAFF_EMAIL', () => 'staff@gatehouse.example');
    const staffPassword = file.getOrCreate('DEMO_STAFF_PASSWORD');
    const clients = buildDemoClients(file, this.config);
    await file.save();
    await this.accounts.createIfMissing({ email, password, claims: DEMO_CLAIMS });
    await this.createStaff({ email: staffEmail, password: staffPassword });
    for (const client of clients) await this.clients.upsert(client);
  }
  private async createStaff(credential: { email: string; password: string }): Promise<void> {
    const id = await this.accounts.createIfMissing({ ...credential, claims: STAFF_CLAIMS });
    if (id !== undefined) await this.roles.grant(id, STAFF_ROLE, 'server');
  }
}
