import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import type { DpopOptions, Rejection } from '../../src/index.js';
import { DpopClient, TestIssuer } from '../../testing/index.js';
import { TestClock } from './test-clock.js';
import { API, guardedApp, type platforms } from './guarded-app.js';

/** The request that a proof for `GET /orders` names. */
export const ORDERS = { method: 'GET', url: `${API}/orders` } as const;

interface Settings {
  readonly dpop?: DpopOptions;
  readonly requiresDpop?: boolean;
  readonly clockToleranceSeconds?: number;
}

/** An application that accepts bound tokens, with their issuer and a client. */
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
      ...clock.options,
      onRejected: (rejection) => rejections.push(rejection),
    });
    return new DpopApp(clock, issuer, app, rejections);
  }

  /** Makes a token that is bound to the key of the client. */
  token(claims: Readonly<Record<string, unknown>> = {}): string {
    return this.issuer.accessToken({ scope: 'orders:read', cnf: this.client.cnf, ...claims });
  }

  get(headers: Readonly<Record<string, string>>, path = '/orders') {
    return request(this.app.getHttpServer()).get(path).set(headers);
  }

  /** Sends a token with the given proof. */
  sendProof(accessToken: string, proof: string, path = '/orders') {
    return this.get({ Authorization: `DPoP ${accessToken}`, DPoP: proof }, path);
  }

  /** Sends a token with a valid proof. */
  requestOrders(accessToken: string) {
    return this.sendProof(accessToken, this.client.proof({ ...ORDERS, accessToken }));
  }

  url(): Promise<string> {
    return this.app.getUrl();
  }

  /** Returns the reasons of the refusals since the last call. */
  takeReasons(): string[] {
    return this.rejections.splice(0).map(({ reason }) => reason);
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.issuer.close();
  }
}
