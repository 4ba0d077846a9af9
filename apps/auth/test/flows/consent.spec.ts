import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import type { Account } from '../../src/accounts/account.entity.js';
import { ConsentService } from '../../src/sessions/consent.service.js';
import {
  aClient,
  anAccount,
  findForm,
  readRedirectParameters,
  TestBrowser,
} from '../support/test-browser.js';
import { TestAuth, type TestResponse, toDatabaseSettings } from '../support/test-auth.js';

const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];
const asksIn = ({ text }: TestResponse) =>
  [...(/<ul class="scopes">(.*?)<\/ul>/s.exec(text)?.[1] ?? '').matchAll(/<li>([^<]*)<\/li>/g)].map(
    ([, words]) => words,
  );

eachDatabase('consent', (fresh) => {
  let auth: TestAuth;
  let replica: TestAuth;
  let client: string;
  let person: Account;
  let browser: TestBrowser;
  beforeAll(async () => {
    const settings = {
      ...toDatabaseSettings(await fresh()),
      SERVER_SECRET: 'x'.repeat(32),
    };
    auth = await TestAuth.start(settings);
    replica = await TestAuth.start(settings);
  });
  beforeEach(async () => {
    client = await aClient(auth, { name: 'Prints' });
    person = await anAccount(auth);
    browser = new TestBrowser(auth);
    await browser.signIn(person);
  });
  afterAll(() => Promise.all([auth.stop(), replica.stop()]));

  const covers = (scope: string, account = person) =>
    auth.app
      .get(ConsentService)
      .hasConsent(account.id, { id: client, firstParty: false }, scope.split(' '));
  const decide = async (page: TestResponse, decision: string) =>
    browser.follow(await browser.submit(page, { decision }));
  const rows = async () => {
    const [count] = await auth.app
      .get(UnitOfWork)
      .query<{ n: number }>('SELECT count(*) AS n FROM consent');
    return Number(count?.n);
  };

  it('is asked for in words, by name, with the place that the answer goes to', async () => {
    const page = await browser.authorize(client, { scope: 'openid email orders:read' });
    expect(titleOf(page)).toBe('Prints asks for access');
    expect(asksIn(page)).toEqual([
      'Know that you are you',
      'See your e-mail address',
      'See your orders',
    ]);
    expect(page.text).toContain(person.email);
    expect(page.text).toContain('client.example');
  });

  it('names the scopes that the claims asked for one by one are part of (Core §5.5)', async () => {
    const claims = JSON.stringify({ userinfo: { phone_number: null, email: null } });
    const page = await browser.authorize(client, { scope: 'openid', claims });
    expect(asksIn(page)).toEqual(['Know that you are you', 'See your e-mail address']);
  });

  it('of a scope that nobody wrote words for shows the scope', async () => {
    const id = await aClient(auth, { scope: ['openid', 'billing:invoices:create'] });
    const page = await browser.authorize(id, { scope: 'openid billing:invoices:create' });
    expect(asksIn(page)).toContain('billing:invoices:create');
  });

  it('is given once for all: the person is not asked again', async () => {
    const page = await browser.authorize(client, { scope: 'openid email' });
    expect(readRedirectParameters(await decide(page, 'allow'))).toHaveProperty('code');
    expect(
      readRedirectParameters(await browser.authorize(client, { scope: 'openid' })),
    ).toHaveProperty('code');
    expect(
      readRedirectParameters(await browser.authorize(client, { scope: 'email openid' })),
    ).toHaveProperty('code');
  });

  it('is asked for again where a client wants more, and adds up', async () => {
    await decide(await browser.authorize(client, { scope: 'openid email' }), 'allow');
    const more = await browser.authorize(client, { scope: 'openid orders:read' });
    expect(asksIn(more)).toContain('See your orders');
    await decide(more, 'allow');
    expect(await covers('openid email orders:read')).toBe(true);
    expect(await covers('openid email orders:read billing:read')).toBe(false);
  });

  it('is that of one person for one client', async () => {
    await decide(await browser.authorize(client), 'allow');
    expect(await covers('openid', await anAccount(auth))).toBe(false);
    const another = await aClient(auth);
    expect(titleOf(await browser.authorize(another))).toContain('asks for access');
  });

  it('that is refused leaves nothing behind, and tells the client', async () => {
    const before = await rows();
    const denied = await decide(await browser.authorize(client), 'deny');
    expect(readRedirectParameters(denied)).toMatchObject({
      error: 'access_denied',
      state: 'a-state',
    });
    expect(readRedirectParameters(denied)).not.toHaveProperty('code');
    expect(await rows()).toBe(before);
    expect(titleOf(await browser.authorize(client))).toContain('asks for access');
  });

  it.each(['', 'yes', 'ALLOW', '__proto__'])('is not what "%s" says', async (decision) => {
    const page = await browser.authorize(client);
    expect((await browser.submit(page, { decision })).status).toBe(400);
    expect(await covers('openid')).toBe(false);
  });

  it('is recorded', async () => {
    await decide(await browser.authorize(client, { scope: 'openid email' }), 'allow');
    const [event] = await auth.app.get(UnitOfWork).query<{
      detail: string;
    }>(`SELECT detail FROM security_event WHERE account_id = $1 AND type = 'consent.granted'`, [person.id]);
    expect(JSON.parse(event?.detail ?? '{}')).toEqual({
      accountId: person.id,
      clientId: client,
      scope: 'openid email',
    });
  });

  it('given twice at once, on two replicas, loses nothing', async () => {
    const scopes = ['openid', 'email', 'orders:read', 'billing:read', 'profile'];
    await Promise.all(
      scopes.map((scope, n) =>
        (n % 2 ? auth : replica).app.get(ConsentService).grant(person.id, client, [scope]),
      ),
    );
    expect(await covers(scopes.join(' '))).toBe(true);
  });

  describe('of somebody else (RFC 9700 §4.7)', () => {
    it('is not given by the ticket of a person who is not here', async () => {
      const other = await anAccount(auth);
      const page = await browser.authorize(client, { prompt: 'consent' });
      const { headers } = await browser.submit(page, { decision: 'allow' });
      const stranger = new TestBrowser(auth);
      await stranger.signIn(other);
      const answer = await stranger.follow(await stranger.open(headers.get('location') ?? ''));
      expect(titleOf(answer)).toBe('Prints asks for access');
      expect(await covers('openid', other)).toBe(false);
    });

    it('is not what one was shown, after another person logged in', async () => {
      const { action, body } = findForm(await browser.authorize(client), { decision: 'allow' });
      const other = await anAccount(auth);
      await browser.signIn(other);
      expect((await browser.open(action, { method: 'POST', body })).status).toBe(403);
      expect(await covers('openid', other)).toBe(false);
    });
  });

  it('is not asked for without a request', async () => {
    const answer = await browser.open('/consent');
    expect([answer.status, titleOf(answer)]).toEqual([400, 'This request cannot be answered']);
  });

  it('is asked for of people who are logged in', async () => {
    const page = await browser.authorize(client);
    const ticket = findForm(page).body.get('ticket');
    const stranger = new TestBrowser(auth);
    const answer = await stranger.follow(await stranger.open(`/consent?ticket=${ticket}`));
    expect(titleOf(answer)).toBe('Sign in');
  });

  it('waits half an hour', async () => {
    const page = await browser.authorize(client);
    for (const { clock } of [auth, replica]) clock.advance({ seconds: 30 * 60 });
    const answer = await browser.submit(page, { decision: 'allow' });
    expect([answer.status, titleOf(answer)]).toEqual([400, 'This took too long']);
    expect(await covers('openid')).toBe(false);
  });
});
