import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestIssuer } from '@gatehouse/guards/testing';
import { UnitOfWork } from '@gatehouse/persistence';
import type { TestDatabase } from '@gatehouse/persistence/testing';
import { type Clock, createService } from '@gatehouse/service-kit';
import { AnswerWatch } from '@gatehouse/service-kit/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { AppModule } from '../../src/app.module.js';
import { billingConfig } from '../../src/billing.config.js';
import type { PaymentProvider } from '../../src/payments/payment-provider.js';
import { serviceOptions } from '../../src/service.js';
import { anInvoice } from './factories.js';

export const AUDIENCE = 'http://localhost:3002';

interface RunningBillingOptions {
  /** The test that passes an issuer also closes it. Default: a new one, closed with the service. */
  readonly issuer?: TestIssuer;
  readonly settings?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly payments?: PaymentProvider;
}

/** The service on a free port, with an issuer whose tokens it accepts. */
export class RunningBilling {
  readonly app: NestFastifyApplication;
  readonly issuer: TestIssuer;
  /** Log lines. */
  readonly log: readonly string[];

  private readonly answers: AnswerWatch;

  private constructor(
    { app, issuer, log }: Pick<RunningBilling, 'app' | 'issuer' | 'log'>,
    private readonly url: string,
    private readonly ownsIssuer: boolean,
  ) {
    this.app = app;
    this.issuer = issuer;
    this.log = log;
    this.answers = new AnswerWatch(app.getHttpServer());
  }

  static async start(
    { dataDir, databaseUrl }: TestDatabase,
    { issuer: given, settings, ...options }: RunningBillingOptions = {},
  ): Promise<RunningBilling> {
    const issuer = given ?? (await TestIssuer.start({ audience: AUDIENCE }));
    const config = billingConfig({
      AUTH_ISSUER: issuer.issuer,
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
      ...settings,
    });
    const log: string[] = [];
    const logTo = { write: (line: string) => void log.push(line) };
    const module = AppModule.forRoot(config, options);
    const app = await createService(module, { ...serviceOptions(config), logTo });
    await app.listen(0, '127.0.0.1');
    return new RunningBilling({ app, issuer, log }, await app.getUrl(), !given);
  }

  /** A user with all scopes of users, unless the claims change that. */
  asUser(subject: string, claims: Readonly<Record<string, unknown>> = {}): Caller {
    const scope = 'billing:read billing:pay';
    return this.withToken(this.issuer.accessToken({ sub: subject, scope, ...claims }));
  }

  /** A service with its own token, whose subject is the client (RFC 9068 §2.2). */
  asService(clientId = 'orders-service'): Caller {
    return this.asUser(clientId, {
      client_id: clientId,
      scope: 'billing:read billing:invoices:create',
    });
  }

  /** A member of staff who logged in `loginAge` seconds ago. */
  asStaff(loginAge = 0): Caller {
    const auth_time = Math.floor(Date.now() / 1000) - loginAge;
    return this.asUser('staff', { scope: 'billing:refund billing:admin', auth_time });
  }

  withToken(token: string): Caller {
    return new Caller(this.url, { authorization: `Bearer ${token}` });
  }

  anonymous(): Caller {
    return new Caller(this.url, {});
  }

  rows<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.app.get(UnitOfWork).query<Row>(sql, parameters);
  }

  async close(): Promise<void> {
    await this.app.close();
    if (this.ownsIssuer) await this.issuer.close();
    this.answers.assertSound();
  }
}

export class Caller {
  constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  get(path: string): supertest.Test {
    return supertest(this.url).get(path).set(this.headers);
  }

  post(path: string, body?: object): supertest.Test {
    return supertest(this.url).post(path).set(this.headers).send(body);
  }

  payInvoice(id: string, method = 'test-ok'): supertest.Test {
    return this.post(`/invoices/${id}/pay`, { method });
  }

  async issueInvoice(body: object = anInvoice()): Promise<{ id: string; issuedAt: string }> {
    const { body: invoice } = await this.post('/invoices', body).expect(201);
    return invoice;
  }
}

/** One running service for all tests of a file, on SQLite in a temporary folder. */
export function useRunningBilling(settings: Record<string, string> = {}): () => RunningBilling {
  let running: RunningBilling | undefined;
  let dataDir = '';
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-billing-'));
    running = await RunningBilling.start({ dataDir }, { settings });
  });
  afterAll(async () => {
    await running?.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return () => {
    if (!running) throw new Error('call it inside a test');
    return running;
  };
}
