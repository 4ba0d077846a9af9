import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import * as oidc from 'openid-client';
import { TestAuth } from '../support/test-auth.js';
import { EndUser, ISSUER, SUITE } from './end-user.js';
import { RelyingParty } from './relying-party.js';

export type ClientId = 'conformance-one' | 'conformance-two' | 'conformance-post';

/** The server under test, with the settings of docs/conformance.md. */
export class TestProvider {
  private constructor(
    readonly auth: TestAuth,
    private readonly credentials: NodeJS.Dict<string>,
  ) {}

  static async start(): Promise<TestProvider> {
    const auth = await TestAuth.start({
      ISSUER,
      ID_TOKEN_ALGORITHM: 'RS256',
      SEED_CONFORMANCE: 'true',
      CONFORMANCE_SUITE: SUITE,
    });
    const file = join(auth.config.DATA_DIR, 'conformance.env');
    return new TestProvider(auth, parseEnv(await readFile(file, 'utf8')));
  }

  /** `fetch` that reaches the server without the TLS proxy. */
  readonly fetch = (url: string, init: RequestInit = {}): Promise<Response> =>
    fetch(url.replace(ISSUER, this.auth.url), init);

  /** The same for openid-client and oauth4webapi. */
  readonly customFetch = (url: string, init: object): Promise<Response> => this.fetch(url, init);

  /** Seconds by which the clock of the server is ahead of the local clock. */
  get clockSkewSeconds(): number {
    return Math.round((this.auth.clock.now() - Date.now()) / 1000);
  }

  getSecret(id: ClientId): string {
    return this.credentials[`${id.replace('-', '_').toUpperCase()}_SECRET`] ?? '';
  }

  /** A client of the suite, configured by discovery. */
  async createRelyingParty(id: ClientId = 'conformance-one'): Promise<RelyingParty> {
    const secret = this.getSecret(id);
    const config = await oidc.discovery(
      new URL(ISSUER),
      id,
      { client_secret: secret, [oidc.clockSkew]: this.clockSkewSeconds },
      id === 'conformance-post' ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret),
      { [oidc.customFetch]: this.customFetch, execute: [oidc.enableNonRepudiationChecks] },
    );
    return new RelyingParty(this, config);
  }

  /** A user with a new browser and valid credentials. */
  createEndUser(): EndUser {
    const { CONFORMANCE_EMAIL: login = '', CONFORMANCE_PASSWORD: password = '' } = this.credentials;
    return new EndUser(this.auth, { login, password });
  }
}
