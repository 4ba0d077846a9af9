import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ACCOUNT_SCOPES } from './auth.scopes.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { Client } from './client.entity.js';
import { ClientRepository } from './client.repository.js';

/** The client of the JSON API under `/auth`: first-party front ends, which cannot keep a secret. */
@Injectable()
export class FirstPartyClient implements OnModuleInit {
  readonly client: Client;

  constructor(
    private readonly clients: ClientRepository,
    @Inject(AUTH_CONFIG) config: AuthConfig,
  ) {
    this.client = Object.assign(new Client(), {
      id: 'gatehouse-first-party',
      authMethod: 'none',
      secretHashes: [],
      grantTypes: ['refresh_token'],
      scope: [...config.FIRST_PARTY_SCOPE, ...Object.keys(ACCOUNT_SCOPES)],
      name: 'Gatehouse',
      redirectUris: [],
      postLogoutRedirectUris: [],
      backchannelLogoutUri: null,
      allowedOrigins: [],
      requirePkce: true,
      nonceReplacesPkce: false,
      firstParty: true,
      idTokenAlgorithm: null,
      subjectType: 'public',
      jwks: null,
      assertionAudience: 'issuer',
      resourceServer: null,
      exchangeTargets: [],
      dpopBound: false,
      // Its front ends ask for the token that they need.
      separateTokens: true,
      leanIdTokens: false,
      accessTokenTtl: null,
      refreshIdleTtl: null,
      refreshAbsoluteTtl: null,
      statusIndex: null,
      disabledAt: null,
    } as const);
  }

  async onModuleInit(): Promise<void> {
    await this.clients.upsertConfigured(this.client);
  }
}
