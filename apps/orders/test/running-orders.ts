import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestIssuer } from '@gatehouse/guards/testing';
import type { TestDatabase } from '@gatehouse/persistence/testing';
import { createService } from '@gatehouse/service-kit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { AppModule } from '../src/app.module.js';
import { ordersConfig } from '../src/orders.config.js';
import { serviceOptions } from '../src/service.js';
import { anOrder } from './mothers.js';

export const AUDIENCE = 'http://localhost:3001';

/** The service on a free port, and an issuer whose tokens it accepts. */
export class RunningOrders {
  readonly app: NestFastifyApplication;
  readonly issuer: TestIssuer;
  /** The lines that were logged. */
  readonly log: readonly string[];

  private constructor(
    { app, issuer, log }: Pick<RunningOrders, 'app' | 'issuer' | 'log'>,
    private readonly url: string,
  ) {
    this.app = app;
    this.issuer = issuer;
    this.log = log;
  }

  static async start({ dataDir, databaseUrl }: TestDatabase): Promise<RunningOrders> {
    const issuer = await TestIssuer.start({ audience: AUDIENCE });
    const config = ordersConfig({
      AUTH_ISSUER: issuer.issuer,
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
    });
    const log: string[] = [];
    const logTo = { write: (line: string) => void log.push(line) };
    const app = await createService(AppModule.with(config), { ...serviceOptions(config), logTo });
    await app.listen(0, '127.0.0.1');
    return new RunningOrders({ app, issuer, log }, await app.getUrl());
  }

  /** Somebody who may do everything, unless the claims say otherwise. */
  as(subject: string, claims: Readonly<Record<string, unknown>> = {}): Caller {
    const scope = 'orders:read orders:write';
    return this.with(this.issuer.accessToken({ sub: subject, scope, ...claims }));
  }

  with(token: string): Caller {
    return new Caller(this.url, { authorization: `Bearer ${token}` });
  }

  anonymous(): Caller {
    return new Caller(this.url, {});
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.issuer.close();
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

  async places(body: object = anOrder()): Promise<{ id: string; placedAt: string }> {
    const { body: order } = await this.post('/orders', body).expect(201);
    return order;
  }
}

/** One running service for all tests of a file, on SQLite in a temporary folder. */
export function runningOrders(): () => RunningOrders {
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
