import { inspect } from 'node:util';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import {
  AccessToken,
  Claim,
  type GuardsOptions,
  type Rejection,
  RequireScopes,
} from '../../../src/index.js';
import { DpopClient } from '../../../testing/dpop-client.js';
import { TestIssuer } from '../../../testing/test-issuer.js';
import { guardedApp, platforms } from '../../support/guarded-app.js';
import { IntrospectionServer } from '../../support/introspection-server.js';

@Controller('orders')
class OrdersController {
  @Get()
  @RequireScopes('orders:read')
  list(@AccessToken() { subject }: AccessToken, @Claim('username') username: string) {
    return { subject, username };
  }

  @Get('archive')
  @RequireScopes('orders:archive')
  archive() {
    return {};
  }
}

const AUDIENCE = 'https://api.example';

let server: IntrospectionServer;
let app: INestApplication | undefined;
let rejections: Rejection[];

beforeEach(async () => {
  server = await IntrospectionServer.listen();
  server.issue('opaque', { username: 'Alice' });
  rejections = [];
});

afterEach(async () => {
  await app?.close();
  app = undefined;
  await server.close();
});

async function get(path: string, token: string, headers: Record<string, string> = {}) {
  const authorization = `Bearer ${token}`;
  const answer = await fetch(`${await app?.getUrl()}${path}`, {
    headers: { authorization, ...headers },
  });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

async function start(
  options: Partial<GuardsOptions> = {},
  [, adapter] = platforms[0] ?? fail(),
): Promise<void> {
  const onRejected = (rejection: Rejection) => void rejections.push(rejection);
  const opaqueTokens = server.verifier({ clockToleranceSeconds: 0 });
  const all = Object.assign({ audience: AUDIENCE, opaqueTokens, onRejected }, options);
  app = await guardedApp(adapter, all, [OrdersController]);
}

function fail(): never {
  throw new Error('No platform');
}

describe.each(platforms)('An opaque token at guarded handlers on %s', (name, adapter) => {
  beforeEach(async () => start({}, [name, adapter]));

  it('a token passes a handler whose scopes it has, with its claims', async () => {
    const { status, body } = await get('/orders', 'opaque');
    expect([status, body]).toEqual([200, '{"subject":"alice","username":"Alice"}']);
  });

  it('a token gets 403 at a handler whose scopes it lacks (RFC 6750 §3.1)', async () => {
    const { status, headers } = await get('/orders/archive', 'opaque');
    expect(status).toBe(403);
    expect(headers.get('www-authenticate')).toContain('scope="orders:archive"');
  });

  it('a token that is not active gets 401, and the log names issuer and reason but no token', async () => {
    const { status, headers } = await get('/orders', 'a-secret-token');
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(rejections).toMatchObject([{ reason: 'inactive', issuer: server.origin }]);
    expect(inspect(rejections, { depth: null })).not.toContain('a-secret-token');
  });

  it('a token gets 503 with Retry-After and no challenge while the endpoint is down', async () => {
    server.answer = (_request, response) => response.writeHead(500).end();
    const { status, headers } = await get('/orders', 'opaque');
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('5');
    expect(headers.has('www-authenticate')).toBe(false);
    await get('/orders', 'another');
    const reason = 'introspection_unavailable';
    expect(rejections).toMatchObject([{ reason }, { reason, isKnownOutage: true }]);
  });

  it.each(['%00', 'a b', 'a,b', '{}', '=', 'é', "' OR 1=1 --"])(
    'gets no 500 for the credentials %j',
    async (text) => {
      const { status } = await get('/orders', Buffer.from(text).toString('latin1'));
      expect([400, 401]).toContain(status);
    },
  );
});

describe('Opaque tokens beside JWTs', () => {
  let issuer: TestIssuer;
  beforeEach(async () => {
    issuer = await TestIssuer.start();
    await start(issuer.options);
  });
  afterEach(async () => issuer.close());

  it('an opaque token passes by introspection, and a JWT passes by its signature', async () => {
    const jwt = issuer.accessToken({ scope: 'orders:read', username: 'Bob' });
    expect((await get('/orders', jwt)).body).toContain('Bob');
    expect(server.requests).toHaveLength(0);
    expect((await get('/orders', 'opaque')).body).toContain('Alice');
  });

  it('a JWT with a bad signature is refused, although the endpoint calls it active', async () => {
    const stranger = await TestIssuer.start();
    const jwt = issuer.accessToken({ scope: 'orders:read' }, { signedBy: stranger.signingKey });
    await stranger.close();
    server.issue(jwt, { username: 'Mallory' });
    expect((await get('/orders', jwt)).status).toBe(401);
    expect(server.requests).toHaveLength(0);
  });
});

describe('An opaque token that is bound to a key (RFC 9449 §6.2)', () => {
  it('a bound token gets 401 without a proof, and passes with one', async () => {
    await start({ dpop: { baseUrl: AUDIENCE } });
    const client = new DpopClient();
    server.issue('bound', { username: 'Alice', cnf: client.cnf });
    expect((await get('/orders', 'bound')).status).toBe(401);
    const request = { method: 'GET', url: `${AUDIENCE}/orders`, accessToken: 'bound' };
    const { DPoP: dpop = '' } = client.headers(request);
    const headers = { authorization: 'DPoP bound', dpop };
    expect((await get('/orders', 'bound', headers)).status).toBe(200);
  });

  it('a bound token gets 401 in a service without the option dpop', async () => {
    await start();
    server.issue('bound', { username: 'Alice', cnf: { jkt: 'x' } });
    expect((await get('/orders', 'bound')).status).toBe(401);
    expect(rejections).toMatchObject([{ reason: 'bound_token' }]);
  });
});

describe('The issuers of tenants at guarded handlers', () => {
  it('a token passes when the application knows its issuer, and gets 401 or 503 otherwise', async () => {
    const issuer = await TestIssuer.start();
    const resolve = (iss: string) => {
      if (iss === 'https://down.example') throw new Error('The database is down');
      return iss === issuer.issuer ? issuer.options : undefined;
    };
    await start({ issuers: { resolve, allowsPrivateAddresses: true } });
    const token = (iss: string) => issuer.accessToken({ iss, scope: 'orders:read', username: 'A' });
    expect((await get('/orders', token(issuer.issuer))).status).toBe(200);
    expect((await get('/orders', 'opaque')).status).toBe(200);
    expect((await get('/orders', token('https://other.example'))).status).toBe(401);
    const down = await get('/orders', token('https://down.example'));
    expect([down.status, down.headers.get('retry-after')]).toEqual([503, '2']);
    await issuer.close();
  });
});
