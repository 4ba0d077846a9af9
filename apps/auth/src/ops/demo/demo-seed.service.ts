import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { hashClientSecret } from '../../clients/registered-credentials.js';
import { TOKEN_EXCHANGE } from '../../clients/client.entity.js';
import { type ClientRegistration, ClientRepository } from '../../clients/client.repository.js';
import { listPrivilegedScopes } from '../../platform/resource-servers.js';
import { RoleOperationsService } from '../../sessions/account-operations.service.js';
import { parseClientDocuments } from '../client-document.js';
import { AccountSeedService, CredentialsFile } from './seed-credentials.js';

type DemoConfig = Pick<AuthConfig, 'RESOURCE_SERVERS' | 'FIRST_PARTY_SCOPE'>;

/** The clients that the demo, the documentation pages and the recipes use. */
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
    ...PUBLIC_CLIENT,
    id: 'demo-spa',
    name: 'Demo Single-Page App',
    // Any port matches at the loopback address (RFC 8252 §7.3), and only this port matches at the name.
    redirectUris: ['http://localhost:4001/', 'http://127.0.0.1/callback'],
    postLogoutRedirectUris: ['http://localhost:4001/'],
  },
  buildStaffClient(config),
  buildDocsClient(config),
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

/** The client that the walk of the demo plays. Every user can sign in, and only users with a role get the privileged scopes. */
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

const STAFF_CLAIMS = { ...DEMO_CLAIMS, name: 'Demo Staff', family_name: 'Staff' };
const STAFF_ROLES = ['support', 'accounting'];

/** Creates a demo account, a staff account, demo clients and the clients of a file, in development only. */
@Injectable()
export class DemoSeedService implements OnApplicationBootstrap {
  constructor(
    private readonly accounts: AccountSeedService,
    private readonly clients: ClientRepository,
    private readonly roles: RoleOperationsService,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.SEED_DEMO) await this.createDemo();
    if (this.config.SEED_CLIENTS) await this.registerClients(this.config.SEED_CLIENTS);
  }

  private async createDemo(): Promise<void> {
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

  /** @param file with documents of `clients apply` */
  private async registerClients(file: string): Promise<void> {
    const documents = parseClientDocuments(await readFile(file, 'utf8'), file);
    for (const client of documents) await this.clients.upsert(client);
  }

  private async createStaff(credential: { email: string; password: string }): Promise<void> {
    const id = await this.accounts.createIfMissing({ ...credential, claims: STAFF_CLAIMS });
    if (id === undefined) return;
    for (const role of STAFF_ROLES) await this.roles.grant(id, role, 'server');
  }
}
