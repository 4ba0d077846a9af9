import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.js';
import { PasswordHasher } from '../accounts/password-hasher.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { hashOfSecret } from '../clients/client-secret.js';
import { type ClientRegistration, Clients } from '../clients/clients.js';
import { type DemoCredentials, demoCredentials } from './demo-credentials.js';

/** An account and two clients to try things with. Development only. */
@Injectable()
export class DemoSeed implements OnApplicationBootstrap {
  constructor(
    private readonly accounts: Accounts,
    private readonly passwords: PasswordHasher,
    private readonly clients: Clients,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.SEED_DEMO) return;
    const credentials = await demoCredentials(this.config.DATA_DIR);
    const { DEMO_EMAIL: email, DEMO_PASSWORD: password } = credentials;
    if (!(await this.accounts.findByEmail(email))) {
      await this.accounts.create(email, await this.passwords.hash(password));
    }
    for (const client of demoClients(credentials)) await this.clients.register(client);
  }
}

function demoClients(credentials: DemoCredentials): ClientRegistration[] {
  const service = {
    authMethod: 'client_secret_basic',
    grantTypes: ['client_credentials'],
  } as const;
  return [
    {
      ...service,
      id: 'orders-service',
      secretHashes: [hashOfSecret(credentials.ORDERS_SERVICE_SECRET)],
      scope: ['billing:invoices:create'],
    },
    {
      ...service,
      id: 'short-lived-demo',
      secretHashes: [hashOfSecret(credentials.SHORT_LIVED_SECRET)],
      scope: ['orders:read'],
      accessTokenTtl: 1,
    },
  ];
}
