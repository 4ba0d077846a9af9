import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { TestIssuer } from '../../testing/index.js';
import { guardedApp, platforms } from '../support/guarded-app.js';

const METADATA = 'resource_metadata="https://api.example/.well-known/oauth-protected-resource"';

describe.each(platforms)('credentials on %s (RFC 6750 §2, §3)', (_platform, adapter) => {
  let issuer: TestIssuer;
  let app: INestApplication;
  let token: string;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    app = await guardedApp(adapter, issuer.options);
    token = issuer.accessToken({ scope: 'orders:read' });
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const get = (headers: Record<string, string> = {}, path = '/orders') =>
    request(app.getHttpServer()).get(path).set(headers);

  async function getRaw(authorization: readonly string[]): Promise<IncomingMessage> {
    const outgoing = httpRequest(`${await app.getUrl()}/orders`);
    outgoing.setHeader('authorization', authorization);
    outgoing.end();
    const [response]: IncomingMessage[] = await once(outgoing, 'response');
    if (!response) throw new Error('no response');
    return response.resume();
  }

  it.each(['Bearer', 'bearer', 'BEARER', 'Bearer   '])(
    'accepts the scheme "%s" (RFC 9110 §11.1)',
    async (scheme) => {
      expect((await get({ Authorization: `${scheme} ${token}` })).status).toBe(200);
    },
  );

  it('answers 401 without an error code to a request without credentials (RFC 6750 §3.1)', async () => {
    const answer = await get();

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(`Bearer ${METADATA}, scope="orders:read"`);
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      message: 'Unauthorized',
    });
  });

  it.each([
    ['Basic', 'Basic YTpi'],
    ['a scheme that begins with Bearer', 'Bearerx abc'],
    ['a tab instead of a space', 'Bearer\tabc'],
    ['no scheme', 'abc.def.ghi'],
  ])(
    'answers 401 without an error code to an unsupported scheme: %s',
    async (_name, authorization) => {
      const answer = await get({ Authorization: authorization });

      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe(`Bearer ${METADATA}, scope="orders:read"`);
    },
  );

  it.each([
    ['no token', () => 'Bearer'],
    ['two words', () => `Bearer ${token} x`],
    ['a list', () => `Bearer ${token}, Bearer ${token}`],
    ['quotes', () => `Bearer "${token}"`],
    ['a letter outside ASCII', () => `Bearer ${token}é`],
    ['padding in the middle', () => `Bearer ab=.cd`],
  ])('answers 400 invalid_request to malformed credentials: %s', async (_name, authorization) => {
    const answer = await get({ Authorization: authorization() });

    expect(answer.status).toBe(400);
    expect(answer.headers['www-authenticate']).toContain('Bearer error="invalid_request"');
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      message: 'Bad Request',
    });
  });

  it.each([
    ['the valid one first', () => [`Bearer ${token}`, 'Bearer x']],
    ['the valid one twice', () => [`Bearer ${token}`, `Bearer ${token}`]],
    ['one of another scheme', () => ['Basic YTpi', `Bearer ${token}`]],
  ])('answers 400 invalid_request to two Authorization headers: %s', async (_name, both) => {
    const response = await getRaw(both());

    expect(response.statusCode).toBe(400);
    expect(response.headers['www-authenticate']).toContain('error="invalid_request"');
  });

  it.each([
    ['query', () => get({}, `/orders?access_token=${token}`)],
    ['cookie', () => get({ Cookie: `access_token=${token}` })],
    ['X-Authorization header', () => get({ 'X-Authorization': `Bearer ${token}` })],
    ['Proxy-Authorization', () => get({ 'Proxy-Authorization': `Bearer ${token}` })],
    ['form body', () => get().type('form').send({ access_token: token })],
  ])('reads no token from the %s (RFC 9700 §4.3.2)', async (_place, send) => {
    expect((await send()).status).toBe(401);
  });

  it('answers 403 insufficient_scope and names every scope of the handler (RFC 6750 §3.1)', async () => {
    const none = issuer.accessToken({ scope: 'orders:write' });
    const answer = await get({ Authorization: `Bearer ${none}` }, '/orders/archive');

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer error="insufficient_scope", scope="orders:read orders:archive", ${METADATA}`,
    );
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      message: 'Forbidden',
    });
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['a prefix', 'orders:rea'],
    ['a suffix', 'orders:read:all'],
    ['another case', 'Orders:Read'],
    ['a wildcard', 'orders:* *'],
    ['comma-separated', 'orders:read,orders:write'],
    ['after a no-break space', 'x\u00a0orders:read'],
  ])('answers 403 when the scope is %s', async (_name, scope) => {
    expect((await get({ Authorization: `Bearer ${issuer.accessToken({ scope })}` })).status).toBe(
      403,
    );
  });

  it.each(['scp', 'roles', 'permissions', '__proto__'])(
    'answers 403 when only the claim "%s" contains the scope',
    async (name) => {
      const claims = { ...JSON.parse(`{"${name}":["orders:read"]}`) };

      expect((await get({ Authorization: `Bearer ${issuer.accessToken(claims)}` })).status).toBe(
        403,
      );
    },
  );

  it('requires the scopes of the controller and of the handler', async () => {
    const both = issuer.accessToken({ scope: 'orders:archive orders:read' });
    const one = issuer.accessToken({ scope: 'orders:archive' });

    expect((await get({ Authorization: `Bearer ${both}` }, '/orders/archive')).status).toBe(200);
    expect((await get({ Authorization: `Bearer ${one}` }, '/orders/archive')).status).toBe(403);
  });

  it('answers requests to a @Public() handler without a token and with an invalid one', async () => {
    expect((await get({}, '/prices')).body).toEqual({ open: true });
    expect((await get({ Authorization: 'Bearer x' }, '/prices')).status).toBe(200);
  });

  it.each(['/orders/', '/ORDERS', '//orders', '/./orders', '/%6frders', '/orders;x=1'])(
    'refuses %s without a token',
    async (path) => {
      expect((await get({}, path)).status).toBeGreaterThanOrEqual(400);
    },
  );

  it('guards HEAD requests like GET requests', async () => {
    expect((await request(app.getHttpServer()).head('/orders')).status).toBe(401);
  });
});
