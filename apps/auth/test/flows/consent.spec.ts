import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import type { Account } from '../../src/accounts/account.entity.js';
import type { CompleteRegistration } from '../../src/clients/client-registration.js';
import { RoleOperationsService } from '../../src/sessions/account-operations.service.js';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import { ConsentService } from '../../src/sessions/consent.service.js';
import {
  aClient,
  anAccount,
  findForm,
  readRedirectParameters,
  TestBrowser,
} from '../support/test-browser.js';
import {
  TICKETS,
  PHOTOS,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';

const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];
const listedScopes = ({ text }: TestResponse) =>
  [...(/<ul class="scopes">(.*?)<\/ul>/s.exec(text)?.[1] ?? '').matchAll(/<li>([^<]*)<\/li>/g)].map(
    ([, sentence]) => sentence,
  );

eachDatabase('consent to the scopes of a client', (fresh) => {
  let auth: TestAuth;
  let replica: TestAuth;
  let client: string;
  let person: Account;
  let browser: TestBrowser;
  beforeAll(async () => {
    const settings = {
      ...toDatabaseSettings(await fresh()),
      SERVER_SECRET: 'x'.repeat(32),
      RESOURCE_SERVERS: `${PHOTOS} photos:read photos:export photos:all@staff; ${TICKETS} tickets:read`,
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

  const isGranted = (scope: string, account = person) =>
    auth.app
      .get(ConsentService)
      .hasConsent(account.id, { id: client, firstParty: false }, scope.split(' '));
  const decide = async (page: TestResponse, decision: string) =>
    browser.follow(await browser.submit(page, { decision }));
  const countConsents = async () => {
    const [count] = await auth.app
      .get(UnitOfWork)
      .query<{ n: number }>('SELECT count(*) AS n FROM consent');
    return Number(count?.n);
  };

  it('shows the scopes as sentences, the client’s name, and the host of its redirect URI', async () => {
    const page = await browser.authorize(client, { scope: 'openid email photos:read' });
    expect(titleOf(page)).toBe('Prints asks for access');
    expect(listedScopes(page)).toEqual([
      'Confirm your identity',
      'See your e-mail address',
      'photos:read',
    ]);
    expect(page.text).toContain(person.email);
    expect(page.text).toContain('client.example');
  });

  it('lists the scopes of claims that the request names one by one (OpenID Connect Core §5.5)', async () => {
    const claims = JSON.stringify({ userinfo: { phone_number: null, email: null } });
    const page = await browser.authorize(client, { scope: 'openid', claims });
    expect(listedScopes(page)).toEqual(['Confirm your identity', 'See your e-mail address']);
  });

  it('shows a scope that has no sentence by its name', async () => {
    const id = await aClient(auth, { scope: ['openid', 'photos:export'] });
    const page = await browser.authorize(id, { scope: 'openid photos:export' });
    expect(listedScopes(page)).toContain('photos:export');
  });

  it('does not ask again for scopes that the user granted before', async () => {
    const page = await browser.authorize(client, { scope: 'openid email' });
    expect(readRedirectParameters(await decide(page, 'allow'))).toHaveProperty('code');
    expect(
      readRedirectParameters(await browser.authorize(client, { scope: 'openid' })),
    ).toHaveProperty('code');
    expect(
      readRedirectParameters(await browser.authorize(client, { scope: 'email openid' })),
    ).toHaveProperty('code');
  });

  it('asks again for additional scopes, and adds them to the granted ones', async () => {
    await decide(await browser.authorize(client, { scope: 'openid email' }), 'allow');
    const more = await browser.authorize(client, { scope: 'openid photos:read' });
    expect(listedScopes(more)).toContain('photos:read');
    await decide(more, 'allow');
    expect(await isGranted('openid email photos:read')).toBe(true);
    expect(await isGranted('openid email photos:read tickets:read')).toBe(false);
  });

  it('asks each user for each client', async () => {
    await decide(await browser.authorize(client), 'allow');
    expect(await isGranted('openid', await anAccount(auth))).toBe(false);
    const another = await aClient(auth);
    expect(titleOf(await browser.authorize(another))).toContain('asks for access');
  });

  it('stores nothing when the user denies, and returns access_denied to the client (RFC 6749 §4.1.2.1)', async () => {
    const before = await countConsents();
    const denied = await decide(await browser.authorize(client), 'deny');
    expect(readRedirectParameters(denied)).toMatchObject({
      error: 'access_denied',
      state: 'a-state',
    });
    expect(readRedirectParameters(denied)).not.toHaveProperty('code');
    expect(await countConsents()).toBe(before);
    expect(titleOf(await browser.authorize(client))).toContain('asks for access');
  });

  it.each(['', 'yes', 'ALLOW', '__proto__'])('rejects the decision "%s"', async (decision) => {
    const page = await browser.authorize(client);
    expect((await browser.submit(page, { decision })).status).toBe(400);
    expect(await isGranted('openid')).toBe(false);
  });

  it('records a security event with the granted scopes', async () => {
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

  it('keeps all scopes of parallel consents on two replicas', async () => {
    const scopes = ['openid', 'email', 'photos:read', 'tickets:read', 'profile'];
    await Promise.all(
      scopes.map((scope, n) =>
        (n % 2 ? auth : replica).app.get(ConsentService).grant(person.id, client, [scope]),
      ),
    );
    expect(await isGranted(scopes.join(' '))).toBe(true);
  });

  describe('consent of another user (RFC 9700 §4.7)', () => {
    it('ignores consent in a ticket that belongs to another user', async () => {
      const other = await anAccount(auth);
      const page = await browser.authorize(client, { prompt: 'consent' });
      const { headers } = await browser.submit(page, { decision: 'allow' });
      const otherBrowser = new TestBrowser(auth);
      await otherBrowser.signIn(other);
      const answer = await otherBrowser.follow(
        await otherBrowser.open(headers.get('location') ?? ''),
      );
      expect(titleOf(answer)).toBe('Prints asks for access');
      expect(await isGranted('openid', other)).toBe(false);
    });

    it('asks the user who has logged in since the page was shown, and ignores the form', async () => {
      const { action, body } = findForm(await browser.authorize(client), { decision: 'allow' });
      const other = await anAccount(auth);
      await browser.signIn(other);
      const answer = await browser.open(action, { method: 'POST', body });
      expect([answer.status, answer.headers.get('location')]).toEqual([
        303,
        expect.stringMatching(/^\/oauth\/authorize\/continue\?ticket=/),
      ]);
      expect((await browser.follow(answer)).text).toContain(other.email);
      expect(await isGranted('openid', other)).toBe(false);
    });
  });

  it('answers 400 without an authorization request', async () => {
    const answer = await browser.open('/consent');
    expect([answer.status, titleOf(answer)]).toEqual([400, 'The request is not valid']);
  });

  it.each([
    [
      'the redirect URI was removed',
      () => update({ redirectUris: ['https://client.example/new'] }),
      [400, 'The return address is not registered'],
    ],
    [
      'the client was disabled',
      () => auth.app.get(ClientOperationsService).disable(client, 'operator'),
      [400, 'This application is not registered'],
    ],
  ])('says why nothing came of an open page after %s', async (_, change, expected) => {
    const page = await browser.authorize(client);
    await change();
    const answer = await browser.follow(await browser.submit(page, { decision: 'allow' }));
    expect([answer.status, titleOf(answer)]).toEqual(expected);
    expect(await isGranted('openid')).toBe(false);
  });
  const update = (change: Partial<CompleteRegistration>) =>
    auth.app
      .get(ClientOperationsService)
      .update(client, (current) => ({ ...current, ...change }), 'operator');

  it.each(['allow', 'deny'])(
    'returns access_denied to the client when the role of the scope was revoked before "%s"',
    async (decision) => {
      const roles = auth.app.get(RoleOperationsService);
      await update({ scope: ['photos:all'] });
      await roles.grant(person.id, 'staff', 'operator');
      const page = await browser.authorize(client, { scope: 'photos:all' });
      await roles.revoke(person.id, 'staff', 'operator');
      const answer = await browser.follow(await browser.submit(page, { decision }));
      expect(readRedirectParameters(answer)).toMatchObject({ error: 'access_denied' });
    },
  );

  it('shows the login page to a user who is not logged in', async () => {
    const page = await browser.authorize(client);
    const ticket = findForm(page).body.get('ticket');
    const otherBrowser = new TestBrowser(auth);
    const answer = await otherBrowser.follow(await otherBrowser.open(`/consent?ticket=${ticket}`));
    expect(titleOf(answer)).toBe('Sign in');
  });

  it('rejects a decision half an hour after the authorization request', async () => {
    const page = await browser.authorize(client);
    for (const { clock } of [auth, replica]) clock.advance({ seconds: 30 * 60 });
    const answer = await browser.submit(page, { decision: 'allow' });
    expect([answer.status, titleOf(answer)]).toEqual([400, 'This sign-in request has expired']);
    expect(await isGranted('openid')).toBe(false);
  });
});
