import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import { anAccount } from '../support/factories.js';
import { TestAuth } from '../support/test-auth.js';
import { TestBrowser } from '../support/test-browser.js';

const SPA = 'https://spa.example';
/** The origins of pages in Capacitor, Ionic, Tauri, a browser extension, and of a page that has no redirect URI. */
const APP_ORIGINS = [
  'capacitor://localhost',
  'ionic://localhost',
  'tauri://localhost',
  'https://localhost',
  'http://tauri.localhost',
  'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
  'https://other.example:8443',
];

describe('cross-origin requests (RFC 9700 §2.6)', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start();
    const spa = { grantTypes: ['authorization_code'], scope: ['openid'] };
    await auth.registerClient({ ...spa, id: 'spa', redirectUris: [`${SPA}/callback?x=1`] });
    await auth.registerClient({ ...spa, id: 'local', redirectUris: ['http://localhost:5173/cb'] });
    await auth.registerClient({ ...spa, id: 'dev', redirectUris: ['http://127.0.0.1:5173/cb'] });
    await auth.registerClient({ ...spa, id: 'app', redirectUris: ['com.example.app:/cb'] });
    await auth.registerClient({ ...spa, id: 'gone', redirectUris: ['https://gone.example/cb'] });
    await auth.registerClient({
      id: 'web',
      secret: 'secret',
      redirectUris: ['https://web.example/cb'],
    });
    await auth.registerClient({
      ...spa,
      id: 'native',
      redirectUris: ['com.example.native:/cb'],
      allowedOrigins: APP_ORIGINS,
    });
    await auth.registerClient({ ...spa, id: 'gone-app', allowedOrigins: ['gone://localhost'] });
    for (const id of ['gone', 'gone-app']) {
      await auth.app.get(ClientOperationsService).disable(id, 'operator');
    }
  });
  afterAll(() => auth.stop());

  const cors = (headers: Headers) =>
    Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));
  const from = (origin: string, path: string, init: RequestInit = {}) =>
    auth.send(path, { ...init, headers: { origin, ...init.headers } });
  const preflight = (origin: string, path: string, asked = 'authorization') =>
    from(origin, path, {
      method: 'OPTIONS',
      headers: {
        'access-control-request-method': 'POST',
        'access-control-request-headers': asked,
      },
    });

  it.each([
    ['POST', '/oauth/token'],
    ['POST', '/oauth/revoke'],
    ['GET', '/userinfo'],
  ])(
    'lets a script of a public client read the answers to %s %s, errors included',
    async (method, path) => {
      for (const origin of [SPA, 'http://localhost:5173']) {
        const { headers } = await from(origin, path, { method });
        expect(cors(headers)).toEqual({
          'access-control-allow-origin': origin,
          'access-control-expose-headers':
            'WWW-Authenticate, DPoP-Nonce, Retry-After, ETag, Location',
        });
        expect(headers.get('vary')).toBe('Origin');
      }
    },
  );

  it('allows any port of a registered loopback address (RFC 8252 §7.3)', async () => {
    for (const origin of ['http://127.0.0.1', 'http://127.0.0.1:40001']) {
      const { headers } = await from(origin, '/oauth/token', { method: 'POST' });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
    }
  });

  it.each(APP_ORIGINS)('lets a script of the allowed origin %s read answers', async (origin) => {
    const { headers } = await from(origin, '/oauth/token', { method: 'POST' });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect((await preflight(origin, '/oauth/token')).status).toBe(204);
  });

  it('lets a script of a client that was registered a second ago read answers', async () => {
    const origin = 'https://new.example';
    const isAllowed = async () =>
      (await from(origin, '/userinfo')).headers.get('access-control-allow-origin') === origin;
    expect(await isAllowed()).toBe(false);
    await auth.registerClient({ id: 'new', redirectUris: [`${origin}/cb`], scope: ['openid'] });
    auth.clock.advance({ seconds: 1 });
    expect(await isAllowed()).toBe(true);
  });

  it('never allows credentials, because the cookies of a user are no part of these requests', async () => {
    const { headers } = await preflight(SPA, '/oauth/token');
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  });

  it('reads no cookie at the endpoints for scripts', async () => {
    const browser = new TestBrowser(auth);
    await browser.signIn(await anAccount(auth));
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    for (const path of ['/oauth/token', '/oauth/revoke', '/userinfo']) {
      const [without, withCookie] = await Promise.all(
        [{}, { cookie }].map((headers) => from(SPA, path, { method: 'POST', headers })),
      );
      expect([withCookie?.status, withCookie?.body]).toEqual([without?.status, without?.body]);
      expect(withCookie?.headers.has('set-cookie')).toBe(false);
    }
  });

  const OLD_HEADERS = 'authorization,content-type,dpop,x-requested-with';
  it.each([
    ['authorization', 'authorization'],
    ['mcp-protocol-version', 'mcp-protocol-version'],
    [OLD_HEADERS, OLD_HEADERS],
    ['baggage, sentry-trace , traceparent', 'baggage,sentry-trace,traceparent'],
    ['cache-control,x-client-version', 'cache-control,x-client-version'],
    ["x-!#$%&'*+.^_`|~-header", "x-!#$%&'*+.^_`|~-header"],
    ['', '*, Authorization'],
    ['x y', '*, Authorization'],
    [Array.from({ length: 51 }, (_, n) => `x-${n}`).join(), '*, Authorization'],
    ['a,,b', '*, Authorization'],
    ['a(b)', '*, Authorization'],
    [`x-${'a'.repeat(100)}`, '*, Authorization'],
  ])(
    'answers the preflight request for the headers %j with %j (Fetch §3.3.4)',
    async (asked, allowed) => {
      for (const path of ['/oauth/token', '/userinfo', '/.well-known/openid-configuration']) {
        const { status, headers, text } = await preflight(SPA, path, asked);
        expect([status, text]).toEqual([204, '']);
        expect(cors(headers)).toMatchObject({
          'access-control-allow-methods': 'GET, POST',
          'access-control-allow-headers': allowed,
          'access-control-max-age': '600',
        });
        expect(headers.get('vary')).toContain('Access-Control-Request-Headers');
      }
    },
  );

  it.each([
    'https://evil.example',
    'http://spa.example',
    'https://spa.example.evil.example',
    'https://spa.example:8443',
    'https://evil-spa.example',
    'HTTPS://SPA.EXAMPLE',
    'https://gone.example',
    'gone://localhost',
    'capacitor://localhost:1',
    'https://other.example',
    'https://web.example',
    'com.example.app:',
    'http://localhost:5174',
    'http://[::1]:5173',
    'https://127.0.0.1:5173',
    'http://127.0.0.1:5173.evil.example',
    'null',
  ])('rejects the origin %s', async (origin) => {
    for (const path of ['/oauth/token', '/oauth/revoke', '/userinfo']) {
      expect(cors((await from(origin, path, { method: 'POST' })).headers)).toEqual({});
      expect(cors((await preflight(origin, path)).headers)).toEqual({});
    }
  });

  it.each([
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server',
    '/.well-known/jwks.json',
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-authorization-server/tenant',
    '/.well-known/anything-else',
  ])('lets a script of any origin read %s', async (path) => {
    const { headers } = await from('https://evil.example', path);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.has('access-control-allow-credentials')).toBe(false);
    expect((await preflight('https://evil.example', path)).status).toBe(204);
  });

  it.each(['/oauth/authorize', '/oauth/introspect', '/oauth/logout', '/auth/login', '/login'])(
    'lets no script of another origin read %s',
    async (path) => {
      for (const { headers } of [await from(SPA, path), await preflight(SPA, path)]) {
        expect(cors(headers)).toEqual({});
      }
    },
  );
});
