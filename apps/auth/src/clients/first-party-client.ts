import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import type { Client } from './client.entity.js';
import { Clients } from './clients.js';

/** The client that `/auth/login` gives tokens to: our own front ends, which cannot keep a secret. */
@Injectable()
export class FirstPartyClient implements OnModuleInit {
  readonly id = 'gatehouse-first-party';

  constructor(
    private readonly clients: Clients,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.clients.register({
      id: this.id,
      authMethod: 'none',
      secretHashes: [],
      grantTypes: ['refresh_token'],
      scope: this.config.FIRST_PARTY_SCOPE,
    });
  }

  async find(): Promise<Client> {
    const client = await this.clients.find(this.id);
    if (!client) throw OAuthError.unauthorizedClient('the first-party client is disabled');
    return client;
  }
}
