import { type PostgresServer, startPostgres } from '@gatehouse/persistence/testing';
import { anAccount, TestBrowser } from '../support/test-browser.js';
import { TestAuth, type TestResponse, toBasicAuthorization } from '../support/test-auth.js';

let postgres: PostgresServer;
let auth: TestAuth;

beforeAll(async () => {
  postgres = await startPostgres();
  auth = await TestAuth.start({ DATABASE_URL: await postgres.createDatabase('auth') });
});
afterAll(async () => {
  await auth.stop();
  await postgres.stop();
});

describe('an unavailable database', () => {
  it('answers 503 temporarily_unavailable at OAuth endpoints without a database, and logs no user out (RFC 9110 §15.6.4)', async () => {
    const { refresh_token } = await auth.createLogin();
    const requests: Readonly<Record<string, () => Promise<TestResponse>>> = {
      login: () => auth.login('user@gatehouse.example'),
      refresh: () => auth.refresh(refresh_token),
      logout: () => auth.json('/auth/logout', { refresh_token }),
      'client authentication': () =>
        auth.token({ grant_type: 'client_credentials' }, 'unknown:secret'),
    };
    const answers: Record<string, TestResponse> = {};
    await postgres.restart(async () => {
      for (const [name, request] of Object.entries(requests)) answers[name] = await request();
      expect((await auth.send('/health/ready', {})).status).toBe(503);
      expect((await auth.send('/health/live', {})).status).toBe(200);
      expect((await auth.send('/.well-known/jwks.json', {})).status).toBe(200);
    });

    for (const name of Object.keys(requests)) {
      const { status, body, headers } = answers[name] ?? {};
      expect({ name, status, body }).toMatchObject({
        name,
        status: 503,
        body: { error: 'temporarily_unavailable' },
      });
      expect(headers?.get('retry-after')).toBe('1');
      expect(headers?.get('cache-control')).toBe('no-store');
    }
    expect((await auth.refresh(refresh_token)).status).toBe(200);
    expect((await auth.send('/health/ready', {})).status).toBe(200);
  });

  it('answers 503 problem details at JSON APIs without a database (RFC 9457)', async () => {
    const { refresh_token } = await auth.createLogin();
    const own = await auth.refresh(refresh_token, { resource: auth.config.ISSUER });
    const headers = { authorization: `Bearer ${own.body['access_token']}` };
    const answers: TestResponse[] = [];
    await postgres.restart(async () => {
      answers.push(await auth.send('/auth/sessions', { headers }));
      answers.push(
        await auth.send('/auth/sessions', {
          headers: { authorization: toBasicAuthorization('a:b') },
        }),
      );
    });
    expect(answers.map(({ status }) => status)).toEqual([503, 401]);
    expect(answers[0]?.headers.get('retry-after')).toBe('1');
    expect((await auth.send('/auth/sessions', { headers })).status).toBe(200);
  });

  it('answers 503 with a page without a database, and logs no browser out', async () => {
    const browser = new TestBrowser(auth);
    await browser.signIn(await anAccount(auth));
    const login = await new TestBrowser(auth).open('/login');
    const answers: TestResponse[] = [];
    await postgres.restart(async () => {
      answers.push(await browser.open('/account'));
      answers.push(await browser.submit(login, { login: 'user@gatehouse.example' }));
    });
    for (const { status, headers, text } of answers) {
      expect([status, headers.get('retry-after')]).toEqual([503, '1']);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(text).toContain('<h1>The server is not available</h1>');
      expect(text).toContain('Try again in 1 second.');
    }
    expect((await browser.open('/account')).status).toBe(200);
  });
});
