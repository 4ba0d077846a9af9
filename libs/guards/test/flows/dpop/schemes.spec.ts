import { Controller, Get, UseGuards } from '@nestjs/common';
import request from 'supertest';
import {
  AccessTokenGuard,
  Claim,
  type GuardsOptions,
  OptionalToken,
  RequireScopes,
} from '../../../src/index.js';
import { DpopClient, TestIssuer } from '../../../testing/index.js';
import { API, guardedApp, OrdersController, platforms } from '../../support/guarded-app.js';
import { DpopApp, ORDERS } from '../../support/dpop-app.js';

const METADATA = `resource_metadata="${API}/.well-known/oauth-protected-resource"`;
const NEEDED = 'scope="orders:read"';
const DPOP = `algs="ES256 PS256 RS256", ${METADATA}, ${NEEDED}`;
const INVALID = 'error="invalid_token", error_description="This access token is not valid here"';

describe.each(platforms)('schemes Bearer and DPoP on %s (RFC 9449 §7)', (_name, adapter) => {
  let dpopApp: DpopApp;
  beforeAll(async () => {
    dpopApp = await DpopApp.start(adapter);
  });
  beforeEach(() => dpopApp.takeReasons());
  afterAll(() => dpopApp.close());

  it('refuses a bound token under the scheme Bearer, with and without its proof (RFC 9449 §7.2)', async () => {
    const accessToken = dpopApp.token();
    const authorization = { Authorization: `Bearer ${accessToken}` };
    const proof = dpopApp.client.proof({ ...ORDERS, accessToken });
    for (const headers of [authorization, { ...authorization, DPoP: proof }]) {
      const answer = await dpopApp.get(headers);

      expect([answer.status, dpopApp.takeReasons()]).toEqual([401, ['bound_token']]);
      expect(answer.headers['www-authenticate']).toBe(
        `Bearer ${INVALID}, ${METADATA}, ${NEEDED}, DPoP ${DPOP}`,
      );
    }
  });

  it('refuses a bound token under the scheme Bearer after requests with its proof (RFC 9449 §7.2)', async () => {
    const accessToken = dpopApp.token();
    for (let use = 0; use < 4; use += 1) await dpopApp.requestOrders(accessToken).expect(200);

    await dpopApp.get({ Authorization: `Bearer ${accessToken}` }).expect(401);
  });

  it('refuses an unbound token under the scheme DPoP (RFC 9449 §7.1)', async () => {
    const answer = await dpopApp.requestOrders(dpopApp.token({ cnf: undefined }));

    expect([answer.status, dpopApp.takeReasons()]).toEqual([401, ['unbound_token']]);
    expect(answer.headers['www-authenticate']).toBe(`DPoP ${INVALID}, ${DPOP}`);
  });

  it('accepts an unbound token under the scheme Bearer (RFC 9449 §7.2)', async () => {
    const token = dpopApp.token({ cnf: undefined });
    await dpopApp.get({ Authorization: `Bearer ${token}` }).expect(200);
  });

  it('offers both schemes to a request without credentials (RFC 9449 §7.1)', async () => {
    const answer = await dpopApp.get({});

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(`Bearer ${METADATA}, ${NEEDED}, DPoP ${DPOP}`);
  });

  it('sends insufficient_scope in a DPoP challenge to a bound token (RFC 9449 §7.1)', async () => {
    const answer = await dpopApp.requestOrders(dpopApp.token({ scope: 'orders:write' }));

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toBe(
      `DPoP error="insufficient_scope", ${NEEDED}, algs="ES256 PS256 RS256", ${METADATA}`,
    );
  });

  it('answers 400 to two credentials in one Authorization header (RFC 6750 §3.1)', async () => {
    const token = dpopApp.token();
    const answer = await dpopApp.get({ Authorization: `DPoP ${token}, Bearer ${token}` });

    expect([answer.status, dpopApp.takeReasons()]).toEqual([400, ['malformed_credentials']]);
    expect(answer.headers['www-authenticate']).toContain('DPoP error="invalid_request"');
  });

  it('refuses an expired token with a valid proof', async () => {
    const accessToken = dpopApp.token({ exp: 1 });

    await dpopApp.requestOrders(accessToken).expect(401);
    expect(dpopApp.takeReasons()).toEqual(['expired']);
  });

  it.each([
    ['bound to a certificate (RFC 8705 §3.1)', { 'x5t#S256': 'x' }],
    ['bound to a key by value (RFC 7800 §3.2)', { jwk: { kty: 'EC' } }],
    ['with an empty cnf', {}],
    ['with a cnf that is a string', 'x'],
    ['with a cnf that is null', null],
    ['with an empty thumbprint', { jkt: '' }],
    ['with a thumbprint in a list', { jkt: ['x'.repeat(43)] }],
  ])('refuses a token %s under both schemes', async (_what, cnf) => {
    const token = dpopApp.token({ cnf });
    await dpopApp.get({ Authorization: `Bearer ${token}` }).expect(401);
    await dpopApp.requestOrders(token).expect(401);

    expect(dpopApp.takeReasons()).toEqual(['bound_token', 'bound_token']);
  });

  it('ignores other members of cnf (RFC 7800 §3.1)', async () => {
    await dpopApp
      .requestOrders(dpopApp.token({ cnf: { ...dpopApp.client.cnf, kid: 'x' } }))
      .expect(200);
  });

  it('lists the DPoP algorithms in the resource metadata (RFC 9728 §2)', async () => {
    const { body } = await dpopApp.get({}, '/.well-known/oauth-protected-resource');

    expect(body).toMatchObject({
      dpop_signing_alg_values_supported: ['ES256', 'PS256', 'RS256'],
      dpop_bound_access_tokens_required: false,
    });
  });
});

describe.each(platforms)('issuer with `requiresDpop` on %s', (_name, adapter) => {
  let dpopApp: DpopApp;
  beforeAll(async () => {
    dpopApp = await DpopApp.start(adapter, { requiresDpop: true });
  });
  beforeEach(() => dpopApp.takeReasons());
  afterAll(() => dpopApp.close());

  it('refuses bearer tokens and offers the scheme DPoP only (RFC 9449 §7.2)', async () => {
    const bearer = await dpopApp.get({
      Authorization: `Bearer ${dpopApp.token({ cnf: undefined })}`,
    });

    expect([bearer.status, dpopApp.takeReasons()]).toEqual([401, ['unbound_token']]);
    expect(bearer.headers['www-authenticate']).toBe(`DPoP ${INVALID}, ${DPOP}`);
    expect((await dpopApp.get({})).headers['www-authenticate']).toBe(`DPoP ${DPOP}`);
    await dpopApp.requestOrders(dpopApp.token()).expect(200);
  });

  it('declares in the resource metadata that tokens must be bound (RFC 9728 §2)', async () => {
    const { body } = await dpopApp.get({}, '/.well-known/oauth-protected-resource');

    expect(body).toHaveProperty('dpop_bound_access_tokens_required', true);
  });
});

/** Runs the guard a second time, like an application that also registers it on a controller. */
@Controller('others')
@UseGuards(AccessTokenGuard)
class OtherController {
  @Get('twice')
  @RequireScopes('orders:read')
  twice() {
    return {};
  }

  @Get('claim')
  @RequireScopes('orders:read')
  claim(@Claim('tenant') tenant: string) {
    return { tenant };
  }

  @Get('optional')
  @OptionalToken()
  optional() {
    return {};
  }
}

describe.each(platforms)('DPoP in applications on %s', (_name, adapter) => {
  let issuer: TestIssuer;
  const client = new DpopClient();
  beforeAll(async () => {
    issuer = await TestIssuer.start({ audience: API });
  });
  afterAll(() => issuer.close());

  async function withServer(
    options: Partial<Pick<GuardsOptions, 'dpop'>>,
    run: (
      get: (path: string, headers?: Readonly<Record<string, string>>) => request.Test,
    ) => Promise<void>,
  ): Promise<void> {
    const controllers = [OrdersController, OtherController];
    const app = await guardedApp(adapter, { ...issuer.options, ...options }, controllers);
    try {
      await run((path, headers = {}) => request(app.getHttpServer()).get(path).set(headers));
    } finally {
      await app.close();
    }
  }

  const headersFor = (path: string, base = API) => {
    const accessToken = issuer.accessToken({ scope: 'orders:read', cnf: client.cnf });
    return client.headers({ method: 'GET', url: `${base}${path}`, accessToken });
  };

  it('accepts the same proof in a second guard of the same request', async () => {
    await withServer({ dpop: {} }, async (get) => {
      const headers = headersFor('/others/twice');
      await get('/others/twice', headers).expect(200);
      await get('/others/twice', headers).expect(401);
    });
  });

  it('sends a DPoP challenge when a parameter decorator refuses a bound token', async () => {
    await withServer({ dpop: {} }, async (get) => {
      const answer = await get('/others/claim', headersFor('/others/claim'));

      expect(answer.status).toBe(403);
      expect(answer.headers['www-authenticate']).toMatch(/^DPoP error="insufficient_scope", algs=/);
    });
  });

  it('accepts a request without a token on an optional route, and refuses a wrong proof there', async () => {
    await withServer({ dpop: {} }, async (get) => {
      await get('/others/optional').expect(200);
      await get('/others/optional', { DPoP: 'x' }).expect(200);
      await get('/others/optional', headersFor('/others/optional')).expect(200);
      await get('/others/optional', headersFor('/orders')).expect(401);
    });
  });

  it('expects the path of `baseUrl` in htu, which a proxy removes (RFC 9449 §4.3)', async () => {
    const baseUrl = 'https://example.com/api/v1/';
    await withServer({ dpop: { baseUrl } }, async (get) => {
      await get('/orders', headersFor('/orders', 'https://example.com/api/v1')).expect(200);
      await get('/orders', headersFor('/orders', 'https://example.com')).expect(401);
      await get('/orders', headersFor('/orders')).expect(401);
    });
  });

  it('refuses bound tokens and the scheme DPoP without the option `dpop`', async () => {
    await withServer({}, async (get) => {
      const headers = headersFor('/orders');
      const bearer = { Authorization: headers['Authorization']?.replace('DPoP', 'Bearer') ?? '' };
      const scheme = await get('/orders', headers);
      const downgraded = await get('/orders', { ...headers, ...bearer });

      expect([scheme.status, scheme.headers['www-authenticate']]).toEqual([
        401,
        `Bearer ${METADATA}, ${NEEDED}`,
      ]);
      expect([downgraded.status, downgraded.headers['www-authenticate']]).toEqual([
        401,
        `Bearer ${INVALID}, ${METADATA}, ${NEEDED}`,
      ]);
    });
  });

  it('accepts only the algorithms of the option `dpop.algorithms`', async () => {
    await withServer({ dpop: { algorithms: ['PS256'] } }, async (get) => {
      const answer = await get('/orders', headersFor('/orders'));

      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('algs="PS256"');
    });
  });
});
