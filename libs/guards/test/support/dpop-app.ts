import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import type { DpopOptions, Rejection } from '../../src/index.js';
import { DpopClient, TestIssuer } from '../../testing/index.js';
import { TestClock } from './test-clock.js';
import { guardedApp, type platforms } from './guarded-app.js';

/** Where clients know it; it listens on a port of its own. */
export const API = 'https://api.example';

/** What clients sign for a `GET` of the orders. */
export const ORDERS = { method: 'GET', url: `${API}/orders` } as const;

interface Settings {
  readonly dpop?: DpopOptions;
  readonly requiresDpop?: boolean;
  readonly clockToleranceSeconds?: number;
}

/** An application that takes bound tokens, their issuer, and a client that has one. */
export class DpopApp {
  readonly client: DpopClient;
  private readonly rejections: Rejection[] = [];

  private constructor(
    readonly clock: TestClock,
    readonly issuer: TestIssuer,
    private readonly app: INestApplication,
    rejections: Rejection[],
  ) {
    this.client = new DpopClient({ now: clock.now });
    this.rejections = rejections;
  }

  static async start(
    adapter: (typeof platforms)[number][1],
    { dpop = {}, ...others }: Settings = {},
  ): Promise<DpopApp> {
    const clock = new TestClock();
    const issuer = await TestIssuer.start({ audience: API, now: clock.now });
    const rejections: Rejection[] = [];
    const app = await guardedApp(adapter, {
      ...issuer.options,
      ...others,
      dpop,
      now: clock.now,
      onRejected: (rejection) => rejections.push(rejection),
    });
    return new DpopApp(clock, issuer, app, rejections);
  }

  /** Bound to the key of the client. */
  token(claims: Readonly<Record<string, unknown>> = {}): string {
    return this.issuer.accessToken({ scope: 'orders:read', cnf: this.client.cnf, ...claims });
  }

  get(headers: Readonly<Record<string, string>>, path = '/orders') {
    return request(this.app.getHttpServer()).get(path).set(headers);
  }

  /** Sends a token with whatever is its proof. */
  sendProof(accessToken: string, proof: string, path = '/orders') {
    return this.get({ Authorization: `DPoP ${accessToken}`, DPoP: proof }, path);
  }

  /** Sends a token with a good proof. */
  requestOrders(accessToken: string) {
    return this.sendProof(accessToken, this.client.proof({ ...ORDERS, accessToken }));
  }

  url(): Promise<string> {
    return this.app.getUrl();
  }

  /** Why calls were refused since somebody asked. */
  takeReasons(): string[] {
    return this.rejections.splice(0).map(({ reason }) => reason);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.issuer.close();
  }
}
