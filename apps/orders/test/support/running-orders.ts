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
import { ordersConfig } from '../../src/orders.config.js';
import { serviceOptions } from '../../src/service.js';
import { anOrder } from './factories.js';

export const AUDIENCE = 'http://localhost:3001';

interface RunningOrdersOptions {
  /** The test that passes an issuer also closes it. Default: a new one, closed with the service. */
  readonly issuer?: TestIssuer;
  readonly settings?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

/** The service on a free port, with an issuer whose tokens it accepts. */
export class RunningOrders {
  readonly app: NestFastifyApplication;
  readonly issuer: TestIssuer;
  /** Log lines. */
  readonly log: readonly string[];

  private readonly answers: AnswerWatch;

  private constructor(
    { app, issuer, log }: Pick<RunningOrders, 'app' | 'issuer' | 'log'>,
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
    { issuer: given, settings, clock }: RunningOrdersOptions = {},
  ): Promise<RunningOrders> {
    const issuer = given ?? (await TestIssuer.start({ audience: AUDIENCE }));
    const config = ordersConfig({
      AUTH_ISSUER: issuer.issuer,
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
      ...settings,
    });
    const log: string[] = [];
    const logTo = { write: (line: string) => void log.push(line) };
    const module = AppModule.forRoot(config, { clock });
    const app = await createService(module, { ...serviceOptions(config), logTo });
    await app.listen(0, '127.0.0.1');
    return new RunningOrders({ app, issuer, log }, await app.getUrl(), !given);
  }

  /** A user with all scopes of users, unless the claims change that. */
  asUser(subject: string, claims: Readonly<Record<string, unknown>> = {}): Caller {
    const scope = 'orders:read orders:write';
    return this.withToken(this.issuer.accessToken({ sub: subject, scope, ...claims }));
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

export interface PlacedOrder {
  readonly id: string;
  readonly placedAt: string;
  readonly state: string;
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

  async placeOrder(body: object = anOrder()): Promise<PlacedOrder> {
    const { body: order } = await this.post('/orders', body).expect(201);
    return order;
  }

  /** By default, cancels every version. */
  cancelOrder(id: string, ifMatch = '*'): supertest.Test {
    return this.post(`/orders/${id}/cancel`).set('if-match', ifMatch);
  }
}

/** One running service for all tests of a file, on SQLite in a temporary folder. */
export function useRunningOrders(): () => RunningOrders {
  let running: RunningOrders | undefined;
  let dataDir = '';
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-orders-'));
    running = await RunningOrders.start({ dataDir });
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
