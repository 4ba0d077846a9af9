import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { InvitationService } from '../../src/accounts/invitation.service.js';
import { aClient, anAccount, TestBrowser } from '../support/test-browser.js';
import { PASSWORD, TestAuth, type TestResponse, toDatabaseSettings } from '../support/test-auth.js';

const WEEK = 604_800;
const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];
const from = (address: string) => ({ 'x-forwarded-for': address });
let count = 0;
const anAddress = () => `invited-${(count += 1)}@gatehouse.example`;

const INVITATION_NEEDED = {
  status: 403,
  body: {
    error: 'access_denied',
    error_description:
      'Registration needs a valid invitation for this e-mail address. Ask the operator of this server for one.',
  },
};

describe('registration with REGISTRATION=closed', () => {
  let auth: TestAuth;
  let browser: TestBrowser;
  beforeAll(async () => {
    auth = await TestAuth.start({
      REGISTRATION: 'closed',
      RATE_LIMITS: 'registration=1/3600 login=1/3600',
      TRUST_PROXY: 'true',
    });
    browser = new TestBrowser(auth);
  });
  afterAll(() => auth.stop());

  it('refuses a registration by JSON with 403, says why, and counts it for no limit', async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const answer = await auth.json('/auth/register', {
        email: 'a@b.example',
        password: PASSWORD,
      });
      expect(answer).toMatchObject({
        status: 403,
        body: {
          error: 'access_denied',
          error_description:
            'Registration is closed. The operator of this server creates accounts.',
        },
      });
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('ratelimit')).toBeNull();
    }
    expect(await auth.app.get(AccountRepository).findByEmail('a@b.example')).toBeNull();
  });

  it('shows a page that says so instead of the form', async () => {
    const page = await browser.open('/register');
    expect([page.status, titleOf(page)]).toEqual([403, 'Registration is closed']);
    expect(page.text).not.toContain('<form');
  });

  it('refuses a form that was opened before registration closed', async () => {
    const login = await browser.open('/login');
    const token = /name="form_token" value="([^"]*)"/.exec(login.text)?.[1] ?? '';
    const body = new URLSearchParams({
      form_token: token,
      login: 'a@b.example',
      password: PASSWORD,
    });
    const answer = await browser.visit('/register', { method: 'POST', body });
    expect(answer.status).toBe(403);
  });

  it('shows the login page for prompt=create, because the registration page would be a dead end', async () => {
    const own = await TestAuth.start({ REGISTRATION: 'closed' });
    const user = new TestBrowser(own);
    const email = anAddress();
    const id = await own.app
      .get(AccountOperationsService)
      .create({ email, password: PASSWORD }, 'operator');
    const client = await aClient(own);
    await user.grantConsent({ id: id ?? '' }, client);
    const page = await user.authorize(client, { prompt: 'create' });
    expect([page.status, titleOf(page)]).toEqual([200, 'Sign in']);
    const answer = await user.submitPassword(page, email);
    expect(answer.headers.get('location')).toContain('code=');
    await own.stop();
  });

  it('shows no link to the registration page, also after a failed login', async () => {
    const page = await browser.open('/login');
    expect(page.text).not.toContain('/register');
    const failed = await browser.submit(page, { login: 'a@b.example', password: 'wrong' });
    expect(failed.status).toBe(400);
    expect(failed.text).not.toContain('/register');
  });
});

eachDatabase('registration with REGISTRATION=invited', (fresh) => {
  let auth: TestAuth;
  let replica: TestAuth;
  beforeAll(async () => {
    const settings = {
      ...toDatabaseSettings(await fresh()),
      SERVER_SECRET: 'x'.repeat(32),
      REGISTRATION: 'invited',
      RATE_LIMITS: 'registration=20/3600',
      TRUST_PROXY: 'true',
    };
    auth = await TestAuth.start(settings);
    replica = await TestAuth.start(settings);
  });
  afterAll(() => Promise.all([auth.stop(), replica.stop()]));

  const invite = async (email: string) =>
    (await auth.app.get(InvitationService).invite(email, WEEK, 'operator')) ?? '';
  const register = (email: string, invitation?: string, server = auth) =>
    server.json(
      '/auth/register',
      { email, password: PASSWORD, invitation },
      from(`10.0.${count}.1`),
    );
  const countAccounts = async (email: string) => {
    const sql = 'SELECT count(*) AS n FROM account WHERE email = $1';
    const [row] = await auth.app.get(UnitOfWork).query<{ n: number }>(sql, [email]);
    return Number(row?.n);
  };

  it('creates the account of an invited user, who can log in then', async () => {
    const email = anAddress();
    expect((await register(email, await invite(email))).status).toBe(201);
    expect((await auth.login(email)).status).toBe(200);
  });

  it('creates one account for ten registrations with one invitation at the same time', async () => {
    const email = anAddress();
    const code = await invite(email);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => register(email, code, n % 2 === 0 ? auth : replica)),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array.from({ length: 9 }, () => 403)]);
    expect(await countAccounts(email)).toBe(1);
  });

  it('answers alike without an invitation and with a wrong, used, replaced, expired or foreign one', async () => {
    const used = anAddress();
    const usedCode = await invite(used);
    await register(used, usedCode);
    const replaced = await invite('replaced@gatehouse.example');
    await invite('replaced@gatehouse.example');
    const foreign = await invite(anAddress());
    const expired = anAddress();
    const expiredCode = await invite(expired);
    const attempts: readonly [string, string | undefined][] = [
      ['none@gatehouse.example', undefined],
      ['none@gatehouse.example', ''],
      ['none@gatehouse.example', 'x'],
      ['none@gatehouse.example', 'x'.repeat(43)],
      ['replaced@gatehouse.example', replaced],
      ['none@gatehouse.example', foreign],
      [used, usedCode],
    ];
    for (const [email, code] of attempts) {
      expect(await register(email, code)).toMatchObject(INVITATION_NEEDED);
    }
    for (const server of [auth, replica]) server.clock.advance({ seconds: WEEK });
    expect(await register(expired, expiredCode)).toMatchObject(INVITATION_NEEDED);
    expect(await countAccounts('none@gatehouse.example')).toBe(0);
  });

  it('keeps the invitation of a registration that broke a rule', async () => {
    const email = anAddress();
    const code = await invite(email);
    const weak = { email, password: 'short', invitation: code };
    expect((await auth.json('/auth/register', weak)).status).toBe(400);
    expect((await register(email, code)).status).toBe(201);
  });

  it('counts no registration without a valid invitation for the limit of the network', async () => {
    const network = from('192.0.2.7');
    const stranger = { email: 'stranger@gatehouse.example', password: PASSWORD };
    for (let attempt = 0; attempt < 25; attempt += 1) {
      expect((await auth.json('/auth/register', stranger, network)).status).toBe(403);
    }
    const email = anAddress();
    const invited = { email, password: PASSWORD, invitation: await invite(email) };
    expect((await auth.json('/auth/register', invited, network)).status).toBe(201);
  });

  it('keeps one invitation of two for one address at the same time, on two replicas', async () => {
    const email = anAddress();
    const codes = await Promise.all(
      [auth, replica].map((server) =>
        server.app.get(InvitationService).invite(email, WEEK, 'operator'),
      ),
    );
    const answers = await Promise.all(codes.map((code) => register(email, code)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403]);
  });

  it('invites no address that has an account', async () => {
    const email = anAddress();
    await register(email, await invite(email));
    expect(await auth.app.get(InvitationService).invite(email, WEEK, 'operator')).toBeUndefined();
  });

  it('stores the hash of the code only', async () => {
    const code = await invite(anAddress());
    const rows = await auth.app.get(UnitOfWork).query('SELECT * FROM invitation');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(code);
  });

  it('registers by the page, whose link has the invitation and whose address cannot be changed', async () => {
    const email = anAddress();
    const code = await invite(email);
    const browser = new TestBrowser(auth);
    const page = await browser.open(`/register?invitation=${code}`);
    expect(page.text).toMatch(new RegExp(`value="${email}"[^>]*readonly`));
    const weak = await browser.submit(page, { password: 'short' });
    expect([weak.status, weak.text]).toEqual([400, expect.stringContaining(code)]);
    const { status, headers } = await browser.submit(weak, { password: PASSWORD });
    expect([status, headers.get('location')]).toEqual([
      303,
      expect.stringMatching(/^\/verify-email\?verification=[\w-]{22}$/),
    ]);
    expect((await auth.login(email)).status).toBe(200);
  });

  it.each([
    '',
    '?invitation=',
    '?invitation=x',
    `?invitation=${'x'.repeat(43)}`,
    '?invitation=a&invitation=b',
  ])('shows a page about the invitation for /register%s', async (query) => {
    const page = await new TestBrowser(auth).open(`/register${query}`);
    expect([page.status, titleOf(page)]).toEqual([403, 'You need an invitation']);
  });
});

describe('registration with REGISTRATION=open', () => {
  it('ignores an invitation, and links to the registration page', async () => {
    const auth = await TestAuth.start();
    const browser = new TestBrowser(auth);
    const page = await browser.open('/register?invitation=x');
    expect([page.status, titleOf(page)]).toEqual([200, 'Create an account']);
    expect((await browser.open('/login')).text).toContain('href="/register"');
    expect((await anAccount(auth)).email).toContain('@');
    await auth.stop();
  });

  it('refuses forms of another site before it counts them for the limit of the network', async () => {
    const auth = await TestAuth.start({ RATE_LIMITS: 'registration=1/3600' });
    const foreign = {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ login: 'a@b.example', password: PASSWORD }),
    };
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect((await auth.send('/register', foreign)).status).toBe(403);
    }
    const answer = await auth.json('/auth/register', { email: 'a@b.example', password: PASSWORD });
    expect(answer.status).toBe(201);
    await auth.stop();
  });
});
