import { Controller, Get, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import request from 'supertest';
import {
  AccessToken,
  auth0,
  type GuardsOptions,
  type IssuerOptions,
  keycloak,
  RequireAnyScope,
  RequireScopes,
} from '../../src/index.js';
import { expectGuarded, TestIssuer } from '../../testing/index.js';
import { guardedApp } from '../support/guarded-app.js';
import { recordings } from '../support/recordings/index.js';

@Controller('orders')
class OrdersController {
  @Get()
  @RequireScopes('orders:read')
  list(@AccessToken() { subject, clientId, audience, scopes }: AccessToken) {
    return { subject, clientId, audience, scopes: [...scopes] };
  }

  @Get('refunds')
  @RequireAnyScope('orders:refund', 'orders:admin')
  refunds() {}
}

const express = () => new ExpressAdapter();
const start = (options: GuardsOptions) => guardedApp(express, options, [OrdersController]);
const asKeycloak = keycloak({ url: 'https://sso.example', realm: 'shop', audience: 'orders' });
const asAuth0 = auth0({ domain: 'example.eu.auth0.com' });

function decode(token: string): object[] {
  const parts = token.split('.').slice(0, 2);
  return parts.map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
}

let app: INestApplication | undefined;
const issuers: TestIssuer[] = [];

async function startAs(preset: IssuerOptions): Promise<TestIssuer> {
  const issuer = await TestIssuer.as(preset, { algorithm: 'ES256' });
  issuers.push(issuer);
  return issuer;
}

const list = (token: string) =>
  request(app?.getHttpServer()).get('/orders').set('Authorization', `Bearer ${token}`);

afterEach(async () => {
  await app?.close();
  app = undefined;
  await Promise.all(issuers.splice(0).map((issuer) => issuer.close()));
});

describe.each(recordings)('TestIssuer.as() with the preset of $product', ({ preset }) => {
  it('makes tokens that the guards accept with the rules of the preset', async () => {
    const issuer = await startAs(preset);
    app = await start(issuer.options);

    const answer = await list(issuer.accessToken({ scope: 'openid orders:read' }));

    const { audience } = issuer;
    expect(answer.body).toMatchObject({ subject: 'alice', audience });
    expect(answer.body.scopes).toEqual(['openid', 'orders:read']);
  });

  it('passes expectGuarded, with every refusal', async () => {
    const issuer = await startAs(preset);
    app = await start(issuer.options);

    expect(await expectGuarded(app, issuer)).toEqual(['GET /orders', 'GET /orders/refunds']);
  });
});

describe('TestIssuer.as()', () => {
  it('signs with the algorithm of the preset', async () => {
    const issuer = await TestIssuer.as(asKeycloak);
    issuers.push(issuer);

    expect(issuer.options.algorithms).toEqual(['RS256']);
    expect(decode(issuer.accessToken())[0]).toMatchObject({ alg: 'RS256', typ: 'JWT' });
  });

  it('writes the claims of Keycloak: `typ`, `azp`, and no `client_id`', async () => {
    const issuer = await startAs(asKeycloak);
    const [, claims] = decode(issuer.accessToken({ client_id: 'web-shop', scope: 'orders:read' }));

    expect(claims).toMatchObject({ typ: 'Bearer', aud: 'orders', azp: 'web-shop' });
    expect(claims).not.toHaveProperty('client_id');
  });

  it('replaces the issuers of an application that accepts several, without a cast', async () => {
    const shop = await startAs(asKeycloak);
    const tenant = await startAs(asAuth0);
    const issuers: NonNullable<GuardsOptions['issuers']> = [shop.options, tenant.options];
    app = await start({ audience: 'https://orders.example', issuers });

    await list(shop.accessToken({ scope: 'orders:read' })).expect(200);
    await list(tenant.accessToken({ scope: 'orders:read' })).expect(200);
    expect(await expectGuarded(app, shop)).toHaveLength(2);
    expect(await expectGuarded(app, tenant)).toHaveLength(2);
  });
});

describe('TestIssuer.start()', () => {
  it('adds its default claims and header to every token', async () => {
    const issuer = await TestIssuer.start({
      claims: { typ: 'Bearer', azp: 'web-shop', client_id: undefined },
      header: { typ: 'JWT' },
    });
    issuers.push(issuer);
    app = await start({ ...asKeycloak, ...issuer.options, jwksUri: issuer.jwksUri });

    await list(issuer.accessToken({ scope: 'orders:read' })).expect(200);
    await list(issuer.accessToken({ scope: 'orders:read', typ: 'ID' })).expect(401);
    expect(await expectGuarded(app, issuer)).toHaveLength(2);
  });
});
