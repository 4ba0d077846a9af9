import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestDatabase } from '@gatehouse/persistence/testing';
import { createService } from '@gatehouse/service-kit';
import {
  AnswerWatch,
  readResponse,
  TestClock,
  type TestResponse,
} from '@gatehouse/service-kit/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule, serviceOptions } from '../../src/app.module.js';
import { type AuthConfig, authConfig } from '../../src/auth.config.js';
import { hashClientSecret } from '../../src/clients/registered-credentials.js';
import { type ClientRegistration, ClientRepository } from '../../src/clients/client.repository.js';

export const ISSUER = 'http://localhost:3000';
export const PHOTOS = 'http://localhost:3001';
export const TICKETS = 'http://localhost:3002';
/** Two resource servers of their own, so that no test depends on the services of this repository. */
export const RESOURCE_SERVER_SETTINGS = {
  RESOURCE_SERVERS:
    `${PHOTOS} photos:read photos:write photos:read:any@support; ` +
    `${TICKETS} tickets:read tickets:pay tickets:invoices:create@service ` +
    'tickets:refund@accounting tickets:admin@accounting',
  FIRST_PARTY_SCOPE: 'photos:read photos:write tickets:read tickets:pay',
};
export const PASSWORD = 'correct horse battery staple';

export { TestClock, type TestResponse };

type Parameters = Record<string, unknown>;

/** The settings that select a test database. */
export const toDatabaseSettings = ({ dataDir, databaseUrl }: TestDatabase) => ({
  DATA_DIR: dataDir,
  ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
});

/** The default cost of password hashing. */
export const PRODUCTION_HASHING = { ARGON2_MEMORY_KIB: '19456', ARGON2_PASSES: '2' };

/**
 * Cheaper password hashing than the settings allow, because hundreds of tests hash passwords that they do not test. A test that
 * sets the cost keeps it.
 */
const fastHashing = (settings: Record<string, string>): Partial<AuthConfig> =>
  Object.keys(settings).some((name) => name.startsWith('ARGON2_'))
    ? {}
    : { ARGON2_MEMORY_KIB: 64, ARGON2_PASSES: 1 };

const runningServers = new Set<TestAuth>();
/** Stops all servers, also those of failed tests. */
afterAll(() => Promise.all([...runningServers].map((auth) => auth.stop())));

/** An authorization server on a free port. Without `DATA_DIR` it has a new database. */
export class TestAuth {
  readonly clock = new TestClock();
  private constructor(readonly config: AuthConfig) {}
  app!: NestFastifyApplication;
  url!: string;
  /** Log lines, when `LOG_LEVEL` is not `silent`. */
  readonly log: string[] = [];
  private answers!: AnswerWatch;

  static async start(settings: Record<string, string> = {}): Promise<TestAuth> {
    const DATA_DIR = settings['DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'gatehouse-auth-')));
    const config = authConfig({
      NODE_ENV: 'test',
      PORT: '0',
      ISSUER,
      LOG_LEVEL: 'silent',
      BACKGROUND_TASKS: 'false',
      // One algorithm is enough for most tests, and the generation of RSA keys is slow.
      ID_TOKEN_ALGORITHM: 'ES256',
      // Tests send many requests from one address. Tests of the limits switch them on.
      LOGIN_DELAYS: 'false',
      RATE_LIMITS: 'off',
      ...RESOURCE_SERVER_SETTINGS,
      ...settings,
      DATA_DIR,
    });
    const auth = new TestAuth({ ...config, ...fastHashing(settings) });
    auth.app = await createService(AppModule.forRoot(auth.config, auth.clock), {
      ...serviceOptions(auth.config),
      logTo: { write: (line: string) => void auth.log.push(line) },
    });
    auth.answers = new AnswerWatch(auth.app.getHttpServer());
    runningServers.add(auth);
    await auth.app.listen(0, '127.0.0.1');
    auth.url = await auth.app.getUrl();
    return auth;
  }

  async stop(): Promise<void> {
    if (!runningServers.delete(this)) return;
    await this.app.close();
    this.answers.assertSound();
  }

  /** Registers a client; without a secret, a public client. */
  async registerClient(
    client: Partial<ClientRegistration> & { readonly id: string; readonly secret?: string },
  ): Promise<void> {
    const { secret, ...rest } = client;
    await this.app.get(ClientRepository).upsert({
      authMethod: secret === undefined ? 'none' : 'client_secret_basic',
      secretHashes: secret === undefined ? [] : [hashClientSecret(secret)],
      grantTypes: ['refresh_token', 'client_credentials'],
      scope: ['tickets:invoices:create'],
      ...rest,
    });
  }

  async send(path: string, init: RequestInit): Promise<TestResponse> {
    return readResponse(await fetch(`${this.url}${path}`, { redirect: 'manual', ...init }));
  }

  json(
    path: string,
    body: Parameters,
    headers: Record<string, string> = {},
  ): Promise<TestResponse> {
    return this.send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  /** Sends a request to the token endpoint. `as` is `id:secret` for HTTP Basic. */
  token(parameters: Record<string, string>, as?: string): Promise<TestResponse> {
    return this.send('/oauth/token', {
      method: 'POST',
      body: new URLSearchParams(parameters),
      ...(as !== undefined && { headers: { authorization: toBasicAuthorization(as) } }),
    });
  }

  async register(email: string, password = PASSWORD): Promise<void> {
    await this.json('/auth/register', { email, password });
  }

  login(email: string, more: Parameters = {}): Promise<TestResponse> {
    return this.json('/auth/login', { email, password: PASSWORD, ...more });
  }

  /** Registers an account and logs in. */
  async createLogin(
    more: Parameters = {},
  ): Promise<{ access_token: string; refresh_token: string }> {
    const email = `person-${(accountCount += 1)}@gatehouse.example`;
    await this.register(email);
    const { body } = await this.login(email, more);
    return { access_token: body['access_token'] ?? '', refresh_token: body['refresh_token'] ?? '' };
  }

  refresh(refresh_token: string, more: Parameters = {}): Promise<TestResponse> {
    return this.json('/auth/refresh', { refresh_token, ...more });
  }
}

let accountCount = 0;

export const toBasicAuthorization = (credentials: string): string =>
  `Basic ${Buffer.from(credentials).toString('base64')}`;

export function decodeClaims(jwt: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt?.split('.')[1] ?? '', 'base64url').toString());
}

export function decodeHeader(jwt: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt?.split('.')[0] ?? '', 'base64url').toString());
}
