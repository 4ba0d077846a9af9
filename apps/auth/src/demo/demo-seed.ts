import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { Clients } from '../clients/clients.js';
import { demoClients } from './demo-clients.js';
import { KeptCredentials } from './kept-credentials.js';
import { SeededAccounts } from './seeded-accounts.js';

const PERSON = { name: 'Demo Person', given_name: 'Demo', family_name: 'Person', locale: 'en' };

/** An account and some clients to try things with. Development only. */
@Injectable()
export class DemoSeed implements OnApplicationBootstrap {
  constructor(
    private readonly accounts: SeededAccounts,
    private readonly clients: Clients,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.SEED_DEMO) return;
    const kept = await KeptCredentials.open(join(this.config.DATA_DIR, 'demo.env'));
    const email = kept.get('DEMO_EMAIL', () => 'demo@gatehouse.example');
    const password = kept.get('DEMO_PASSWORD');
    const clients = demoClients(kept, this.config);
    await kept.keep();
    await this.accounts.make({ email, password, claims: PERSON });
    for (const client of clients) await this.clients.register(client);
  }
}
