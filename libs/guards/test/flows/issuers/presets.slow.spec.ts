import { Controller, Get, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import request from 'supertest';
import {
  AccessToken,
  type Algorithm,
  type GuardsOptions,
  Policy,
  type Rejection,
} from '../../../src/index.js';
import { auth0, cognito, entraId, keycloak } from '../../../src/presets/index.js';
import {
  compactJws,
  generateSigningKey,
  type SigningKey,
  TestIssuer,
} from '../../../testing/index.js';
import { guardedApp } from '../../support/guarded-app.js';
import { auth0Recording } from '../../support/recordings/auth0.js';
import { cognitoRecording } from '../../support/recordings/cognito.js';
import { entraIdRecording } from '../../support/recordings/entra-id.js';
import { recordings } from '../../support/recordings/index.js';
import { keycloakRecording } from '../../support/recordings/keycloak.js';
import { NOW, type RecordedToken, type Recording } from '../../support/recordings/recording.js';
import { it } from '../../support/slow-test.js';

const allowAll = () => true;

@Controller()
@Policy(allowAll)
class TokenController {
  @Get('token')
  token(@AccessToken() { subject, clientId, audience, scopes, tokenId }: AccessToken) {
    return { subject, clientId, audience, scopes: [...scopes], tokenId };
  }
}

const express = () => new ExpressAdapter();

/** Publish the keys of the products in these tests, by algorithm. */
const issuers = new Map<Algorithm, TestIssuer>();
let app: INestApplication | undefined;
const rejections: Rejection[] = [];

beforeAll(async () => {
  for (const algorithm of ['RS256', 'EdDSA'] as const) {
    issuers.set(algorithm, await TestIssuer.start({ algorithm }));
  }
});
beforeEach(() => rejections.splice(0));
afterEach(async () => {
  await app?.close();
  app = undefined;
});
afterAll(() => Promise.all([...issuers.values()].map((issuer) => issuer.close())));

describe.each(recordings)('preset of $product', (recording) => {
  it('accepts an access token and reads its subject, client, audience and scopes', async () => {
    const answer = await send(recording.accessToken, recording);

    expect(rejections).toEqual([]);
    expect(answer.body).toEqual(recording.expected);
  });

  it.each(recording.alsoAccepted ?? [])('accepts an access token $name', async ({ token }) => {
    const answer = await send(token, recording);

    expect(rejections).toEqual([]);
    expect(answer.status).toBe(200);
  });

  it.each(recording.refused)('refuses $name', async ({ token, reason }) => {
    const answer = await send(token, recording);

    expect(answer.status).toBe(401);
    expect(rejections.map((rejection) => rejection.reason)).toEqual([reason]);
  });

  it('refuses the same access token under a key that is not published', async () => {
    const key = generateSigningKey(findIssuer(recording).signingKey.algorithm);
    const answer = await send(recording.accessToken, recording, key);

    expect(answer.status).toBe(401);
    expect(rejections).toMatchObject([{ reason: 'bad_signature' }]);
  });
});

describe('roles and permissions of a product', () => {
  it.each<[string, Recording, Recording['preset'], string]>([
    [
      'permissions of Auth0',
      auth0Recording,
      auth0({
        domain: 'example.eu.auth0.com',
        audience: 'https://api.example',
        permissionsAreScopes: true,
      }),
      'orders:refund',
    ],
    [
      'groups of Cognito',
      cognitoRecording,
      cognito({
        region: 'eu-central-1',
        userPoolId: 'eu-central-1_EXAMPLE',
        clientIds: ['1example23456789abcdefghij'],
        groupsAreScopes: true,
      }),
      'refunds',
    ],
    [
      'app roles of Entra ID',
      entraIdRecording,
      entraId({
        tenantId: '11111111-2222-4333-8444-555555555555',
        audience: 'aaaaaaaa-0b0b-4c1c-8d2d-333333333333',
        version: '2.0',
        rolesAreScopes: true,
      }),
      'Orders.Refund',
    ],
    [
      'roles of a realm of Keycloak',
      keycloakRecording,
      keycloak({
        url: 'https://sso.example',
        realm: 'shop',
        audience: 'orders',
        realmRolesAreScopes: true,
      }),
      'customer',
    ],
    [
      'roles of a client of Keycloak',
      keycloakRecording,
      keycloak({
        url: 'https://sso.example',
        realm: 'shop',
        audience: 'orders',
        rolesAreScopesOf: ['orders'],
      }),
      'refund',
    ],
  ])(
    'reads %s as scopes only with the option of the preset',
    async (_name, recording, preset, role) => {
      const without = await send(recording.accessToken, recording);
      await app?.close();
      const withRoles = await send(recording.accessToken, { ...recording, preset });

      expect(without.body.scopes).not.toContain(role);
      expect(withRoles.body.scopes).toEqual(
        expect.arrayContaining([...recording.expected.scopes, role]),
      );
    },
  );
});

function findIssuer({ preset: { algorithms } }: Pick<Recording, 'preset'>): TestIssuer {
  const [algorithm = 'RS256'] = algorithms;
  const issuer = issuers.get(algorithm);
  if (!issuer) throw new Error(`No issuer signs with ${algorithm}`);
  return issuer;
}

async function send(
  { header, claims }: RecordedToken,
  { preset, publishes = (jwk) => [jwk] }: Recording,
  signedBy?: SigningKey,
) {
  const issuer = findIssuer({ preset });
  const { kid, publicJwk } = issuer.signingKey;
  issuer.answer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: publishes({ ...publicJwk }) }));
  });
  app = await guardedApp(express, options(preset), [TokenController]);
  const token = compactJws({ ...header, kid }, claims, signedBy ?? issuer.signingKey);
  return request(app.getHttpServer()).get('/token').set('Authorization', `Bearer ${token}`);
}

function options(preset: Recording['preset']): GuardsOptions {
  return {
    audience: 'https://orders.example',
    issuers: [{ ...preset, jwksUri: findIssuer({ preset }).jwksUri }],
    now: () => NOW,
    onRejected: (rejection) => rejections.push(rejection),
  };
}
