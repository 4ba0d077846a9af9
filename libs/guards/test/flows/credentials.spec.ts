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
    'takes the scheme as "%s" (RFC 9110 §11.1)',
    async (scheme) => {
      expect((await get({ Authorization: `${scheme} ${token}` })).status).toBe(200);
    },
  );

  it('401 without an error code when there are no credentials (RFC 6750 §3.1)', async () => {
    const answer = await get();

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(`Bearer ${METADATA}`);
    expect(answer.body).toEqual({ type: 'about:blank', title: 'Unauthorized', status: 401 });
  });

  it.each([
    ['Basic', 'Basic YTpi'],
    ['a scheme that begins like ours', 'Bearerx abc'],
    ['a tab for a space', 'Bearer\tabc'],
    ['no scheme', 'abc.def.ghi'],
  ])('401 without an error code: %s', async (_name, authorization) => {
    const answer = await get({ Authorization: authorization });

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(`Bearer ${METADATA}`);
  });

  it.each([
    ['no token', () => 'Bearer'],
    ['two words', () => `Bearer ${token} x`],
    ['a list', () => `Bearer ${token}, Bearer ${token}`],
    ['quotes', () => `Bearer "${token}"`],
    ['not ASCII', () => `Bearer ${token}é`],
    ['padding in the middle', () => `Bearer ab=.cd`],
  ])('400 invalid_request: %s', async (_name, authorization) => {
    const answer = await get({ Authorization: authorization() });

    expect(answer.status).toBe(400);
    expect(answer.headers['www-authenticate']).toContain('Bearer error="invalid_request"');
    expect(answer.body).toEqual({ type: 'about:blank', title: 'Bad Request', status: 400 });
  });

  it.each([
    ['the good one first', () => [`Bearer ${token}`, 'Bearer x']],
    ['the good one twice', () => [`Bearer ${token}`, `Bearer ${token}`]],
    ['one of another scheme', () => ['Basic YTpi', `Bearer ${token}`]],
  ])('400 invalid_request on two Authorization headers: %s', async (_name, both) => {
    const response = await getRaw(both());

    expect(response.statusCode).toBe(400);
    expect(response.headers['www-authenticate']).toContain('error="invalid_request"');
  });

  it.each([
    ['query', () => get({}, `/orders?access_token=${token}`)],
    ['cookie', () => get({ Cookie: `access_token=${token}` })],
    ['X-header', () => get({ 'X-Authorization': `Bearer ${token}` })],
    ['Proxy-Authorization', () => get({ 'Proxy-Authorization': `Bearer ${token}` })],
    ['form body', () => get().type('form').send({ access_token: token })],
  ])('never reads a token from the %s (RFC 9700 §4.3.2)', async (_place, send) => {
    expect((await send()).status).toBe(401);
  });

  it('403 insufficient_scope names every scope that is missing (RFC 6750 §3.1)', async () => {
    const none = issuer.accessToken({ scope: 'orders:write' });
    const answer = await get({ Authorization: `Bearer ${none}` }, '/orders/archive');

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer error="insufficient_scope", scope="orders:read orders:archive", ${METADATA}`,
    );
    expect(answer.body).toEqual({ type: 'about:blank', title: 'Forbidden', status: 403 });
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
  ])('403 when the scope is %s', async (_name, scope) => {
    expect((await get({ Authorization: `Bearer ${issuer.accessToken({ scope })}` })).status).toBe(
      403,
    );
  });

  it.each(['scp', 'roles', 'permissions', '__proto__'])(
    '403 when it is under "%s"',
    async (name) => {
      const claims = { ...JSON.parse(`{"${name}":["orders:read"]}`) };

      expect((await get({ Authorization: `Bearer ${issuer.accessToken(claims)}` })).status).toBe(
        403,
      );
    },
  );

  it('class and handler scopes add up', async () => {
    const both = issuer.accessToken({ scope: 'orders:archive orders:read' });
    const one = issuer.accessToken({ scope: 'orders:archive' });

    expect((await get({ Authorization: `Bearer ${both}` }, '/orders/archive')).status).toBe(200);
    expect((await get({ Authorization: `Bearer ${one}` }, '/orders/archive')).status).toBe(403);
  });

  it('a @Public() handler is open, with a bad token too', async () => {
    expect((await get({}, '/prices')).body).toEqual({ open: true });
    expect((await get({ Authorization: 'Bearer x' }, '/prices')).status).toBe(200);
  });

  it.each(['/orders/', '/ORDERS', '//orders', '/./orders', '/%6frders', '/orders;x=1'])(
    'never lets %s through without a token',
    async (path) => {
      expect((await get({}, path)).status).toBeGreaterThanOrEqual(400);
    },
  );

  it('guards HEAD as it guards GET', async () => {
    expect((await request(app.getHttpServer()).head('/orders')).status).toBe(401);
  });
});
