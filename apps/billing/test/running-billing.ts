import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestIssuer } from '@gatehouse/guards/testing';
import type { TestDatabase } from '@gatehouse/persistence/testing';
import { createService } from '@gatehouse/service-kit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { AppModule } from '../src/app.module.js';
import { billingConfig } from '../src/billing.config.js';
import { serviceOptions } from '../src/service.js';
import { anInvoice } from './mothers.js';

export const AUDIENCE = 'http://localhost:3002';

/** The service on a free port, and an issuer whose tokens it accepts. */
export class RunningBilling {
  readonly app: NestFastifyApplication;
  readonly issuer: TestIssuer;
  /** The lines that were logged. */
  readonly log: readonly string[];

  private constructor(
    { app, issuer, log }: Pick<RunningBilling, 'app' | 'issuer' | 'log'>,
    private readonly url: string,
  ) {
    this.app = app;
    this.issuer = issuer;
    this.log = log;
  }

  static async start({ dataDir, databaseUrl }: TestDatabase): Promise<RunningBilling> {
    const issuer = await TestIssuer.start({ audience: AUDIENCE });
    const config = billingConfig({
      AUTH_ISSUER: issuer.issuer,
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl,
    });
    const log: string[] = [];
    const logTo = { write: (line: string) => void log.push(line) };
    const app = await createService(AppModule.with(config), { ...serviceOptions(config), logTo });
    await app.listen(0, '127.0.0.1');
    return new RunningBilling({ app, issuer, log }, await app.getUrl());
  }

  /** A person who may do all that people may, unless the claims say otherwise. */
  as(subject: string, claims: Readonly<Record<string, unknown>> = {}): Caller {
    const scope = 'billing:read billing:pay';
    return this.with(this.issuer.accessToken({ sub: subject, scope, ...claims }));
  }

  /** A service that acts for nobody: its own subject (RFC 9068 §2.2). */
  asService(clientId = 'orders-service'): Caller {
    return this.as(clientId, {
      client_id: clientId,
      scope: 'billing:read billing:invoices:create',
    });
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

  /** For services. */
  async issues(body: object = anInvoice()): Promise<{ id: string; issuedAt: string }> {
    const { body: invoice } = await this.post('/invoices', body).expect(201);
    return invoice;
  }
}

/** One running service for all tests of a file, on SQLite in a temporary folder. */
export function runningBilling(): () => RunningBilling {
  let running: RunningBilling | undefined;
  let dataDir = '';
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-billing-'));
    running = await RunningBilling.start({ dataDir });
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
