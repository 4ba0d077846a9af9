import { Controller, Get, HttpCode, Post, UnauthorizedException } from '@nestjs/common';
import { Problem } from '../../src/index.js';
import { type RunningService, startService, stopServices } from '../support/running-service.js';

@Controller()
class OrdersController {
  @Get('orders')
  list() {
    return [];
  }
  @Post('orders')
  @HttpCode(201)
  place() {
    return {};
  }
  @Get('refused')
  refuse() {
    throw new UnauthorizedException();
  }
  @Get('limited')
  limit() {
    throw new Problem(429, { headers: { 'Retry-After': '3' } });
  }
  @Get('.well-known/oauth-protected-resource')
  metadata() {
    return {};
  }
}

const APP = 'https://app.example.com';
const HYBRID = 'capacitor://localhost';
const start = (corsOrigins: string[] = [APP, HYBRID]) =>
  startService({ controllers: [OrdersController] }, { corsOrigins });

const preflight = ({ http }: RunningService, origin: string, headers = 'authorization') =>
  http
    .options('/orders')
    .set('Origin', origin)
    .set('Access-Control-Request-Method', 'PATCH')
    .set('Access-Control-Request-Headers', headers);

afterEach(stopServices);

describe('CORS (Fetch §3.2)', () => {
  it.each([APP, HYBRID])('lets scripts of %s read answers and their headers', async (origin) => {
    const { headers } = await (await start()).http.get('/orders').set('Origin', origin).expect(200);
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'cross-origin-resource-policy': 'cross-origin',
      vary: 'Origin',
    });
    const exposed = headers['access-control-expose-headers']?.split(', ');
    const names = ['WWW-Authenticate', 'ETag', 'Location', 'Retry-After', 'DPoP-Nonce', 'Link'];
    expect(exposed).toEqual([...names, 'RateLimit', 'RateLimit-Policy']);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  it.each([
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://APP.example.com',
    'null',
    '*',
    'capacitor://other',
  ])('does not let scripts of %s read anything', async (origin) => {
    const service = await start();
    const { headers } = await service.http.get('/orders').set('Origin', origin).expect(200);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect((await preflight(service, origin)).headers).not.toHaveProperty(
      'access-control-allow-origin',
    );
  });

  it('answers a preflight request with the requested headers, also those of tracing libraries', async () => {
    const requested = 'authorization,baggage,dpop,if-match,sentry-trace,traceparent';
    const { headers } = await preflight(await start(), APP, requested).expect(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': requested,
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Headers',
    });
  });

  it.each(['x'.repeat(2_049), 'a b', 'a;b', ',', ''])(
    'names its own headers when the requested ones are not usable: %.10j',
    async (requested) => {
      const { headers } = await preflight(await start(), APP, requested).expect(204);
      expect(headers['access-control-allow-headers']).toMatch(/^Authorization, DPoP, /);
    },
  );

  it.each([
    ['an error of a handler', '/refused', 401],
    ['a limit', '/limited', 429],
    ['an unknown route', '/nowhere', 404],
    ['a malformed URL', '/%zz', 400],
  ])('lets scripts read the answer to %s', async (_what, path, status) => {
    const { headers } = await (await start()).http.get(path).set('Origin', APP).expect(status);
    expect(headers['access-control-allow-origin']).toBe(APP);
  });

  it('lets scripts read answers that hooks send early: 405, 413, 415 and 503', async () => {
    const { http } = await startService(
      { controllers: [OrdersController] },
      { corsOrigins: [APP], bodyLimit: 10, requestsInFlight: 1 },
    );
    const post = (type: string) => http.post('/orders').set('Origin', APP).type(type);
    const answers = [
      await http.delete('/orders').set('Origin', APP).expect(405),
      await post('json')
        .send(`"${'x'.repeat(20)}"`)
        .expect(413),
      await post('text/plain').send('hello').expect(415),
      await post('json').set('Content-Encoding', 'gzip').send('{}').expect(415),
    ];
    for (const { headers } of answers) {
      expect(headers['access-control-allow-origin']).toBe(APP);
    }
  });

  it('lets scripts read the 503 of a service without a free place, and of one that is too slow', async () => {
    let finish = (): void => undefined;
    @Controller()
    class SlowController {
      @Get('slow')
      slow() {
        return new Promise<void>((resolve) => (finish = resolve));
      }
    }
    const { http } = await startService(
      { controllers: [SlowController] },
      { corsOrigins: [APP], requestsInFlight: 1, answerTimeoutMs: 300 },
    );
    const get = () => http.get('/slow').set('Origin', APP);
    const answers = await Promise.all([get(), get()]);
    finish();
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(new Set(answers.map(({ body }) => body.detail)).size).toBe(2);
    for (const { headers } of answers) {
      expect(headers).toMatchObject({ 'access-control-allow-origin': APP, 'retry-after': '1' });
    }
  });

  it('adds no header and answers no preflight request without origins', async () => {
    const service = await start([]);
    const { headers } = await service.http.get('/orders').set('Origin', APP).expect(200);
    expect(headers).not.toHaveProperty('vary');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    await preflight(service, APP).expect(404);
  });

  it.each([
    ['/.well-known/oauth-protected-resource', 200],
    ['/.well-known/oauth-protected-resource/mcp', 404],
    ['/.well-known/oauth-authorization-server', 404],
    ['/.well-known/openid-configuration?x', 404],
  ])('publishes %s to scripts of all origins (RFC 9728 §3)', async (path, status) => {
    const { http } = await start([]);
    const { headers } = await http.get(path).set('Origin', 'https://any.example').expect(status);
    expect(headers['access-control-allow-origin']).toBe('*');
    const answer = await http
      .options(path)
      .set('Origin', 'https://any.example')
      .set('Access-Control-Request-Method', 'GET')
      .set('Access-Control-Request-Headers', 'mcp-protocol-version')
      .expect(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'mcp-protocol-version',
    });
  });
});
