import { join } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { StoredClaims } from '../../tokens/standard-claims.js';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import type { AuthMethod } from '../../clients/client.entity.js';
import { hashClientSecret } from '../../clients/registered-credentials.js';
import { type ClientRegistration, ClientRepository } from '../../clients/client.repository.js';
import { OPENID_SCOPES } from '../../clients/auth.scopes.js';
import { AccountSeedService, CredentialsFile } from './seed-credentials.js';

/** Client id, authentication method, and the name of the secret in the file. Two clients test binding, one uses the body. */
const CONFORMANCE_CLIENTS: readonly (readonly [string, AuthMethod, string])[] = [
  ['conformance-one', 'client_secret_basic', 'CONFORMANCE_ONE_SECRET'],
  ['conformance-two', 'client_secret_basic', 'CONFORMANCE_TWO_SECRET'],
  ['conformance-post', 'client_secret_post', 'CONFORMANCE_POST_SECRET'],
];

/** Values for all standard claims (OpenID Connect Core §5.1). The suite refuses a birth date that no living person has. */
const CONFORMANCE_CLAIMS: Required<StoredClaims> = {
  name: 'Ada Maria Lovelace',
  given_name: 'Ada',
  middle_name: 'Maria',
  family_name: 'Lovelace',
  nickname: 'Countess',
  preferred_username: 'ada',
  profile: 'https://gatehouse.example/people/ada',
  picture: 'https://gatehouse.example/people/ada.png',
  website: 'https://ada.example',
  gender: 'female',
  birthdate: '1985-12-10',
  zoneinfo: 'Europe/London',
  locale: 'en-GB',
  email_verified: true,
  phone_number: '+44 20 7946 0000',
  phone_number_verified: true,
  address: {
    formatted: '12 St James’s Square\nLondon SW1Y 4JH\nUnited Kingdom',
    street_address: '12 St James’s Square',
    locality: 'London',
    region: 'England',
    postal_code: 'SW1Y 4JH',
    country: 'United Kingdom',
  },
};

/** Creates the three static clients and the account that the conformance suite of the OpenID Foundation expects. */
@Injectable()
export class ConformanceSeedService implements OnApplicationBootstrap {
  constructor(
    private readonly accounts: AccountSeedService,
    private readonly clients: ClientRepository,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (!this.config.SEED_CONFORMANCE) return;
    const file = await CredentialsFile.open(join(this.config.DATA_DIR, 'conformance.env'));
    const email = file.getOrCreate('CONFORMANCE_EMAIL', () => 'conformance@gatehouse.example');
    const password = file.getOrCreate('CONFORMANCE_PASSWORD');
    const clients = CONFORMANCE_CLIENTS.map(([id, authMethod, name]): ClientRegistration => {
      const secretHashes = [hashClientSecret(file.getOrCreate(name))];
      return {
        ...buildConformanceClient(this.config.CONFORMANCE_SUITE),
        id,
        authMethod,
        secretHashes,
      };
    });
    await file.save();
    await this.accounts.createIfMissing({ email, password, claims: CONFORMANCE_CLAIMS });
    for (const client of clients) await this.clients.upsert(client);
  }
}

/** PKCE is not required, because most modules of the suite do not use it. */
const buildConformanceClient = (suite: string) => ({
  name: 'OpenID Conformance Suite',
  grantTypes: ['authorization_code', 'refresh_token'],
  scope: Object.keys(OPENID_SCOPES),
  redirectUris: [`${suite}/callback`, `${suite}/callback?dummy1=lorem&dummy2=ipsum`],
  postLogoutRedirectUris: [`${suite}/post_logout_redirect`],
  pkce: 'never-required' as const,
});
