import { setTimeout as sleep } from 'node:timers/promises';
import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import type { Account } from '../../src/accounts/account.entity.js';
import { AuthorizationCodeService } from '../../src/oauth/authorize/authorization-code.service.js';
import { BrowserSessionService } from '../../src/sessions/browser-session.service.js';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import { AuthorizedClientService } from '../../src/sessions/consent.service.js';
import { SessionService } from '../../src/sessions/session.service.js';
import { SELECT_REVOKED_STATUS_INDEXES } from '../../src/sessions/refresh-token-family.statements.js';
import {
  aClient,
  anAccount,
  CALLBACK,
  computeChallenge,
  findForm,
  readRedirectParameters,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import {
  ISSUER,
  PHOTOS,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';

const invalidGrant = { status: 400, body: { error: 'invalid_grant' } };
const SCOPE = 'openid email offline_access photos:read';
const toAccount = (answer: TestResponse) => [answer.status, answer.headers.get('location')];
const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];

eachDatabase('the withdrawal of consent', (fresh, name) => {
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
    client = await aClient(auth, { name: 'Prints & more' });
    person = await anAccount(auth);
    browser = new TestBrowser(auth);
    await browser.signIn(person);
  });
  afterAll(() => Promise.all([auth.stop(), replica.stop()]));

  const consents = async (id = client) => {
    const page = await browser.authorize(id, { scope: SCOPE });
    return browser.follow(await browser.submit(page, { decision: 'allow' }));
  };
  const codeIn = (answer: TestResponse) => readRedirectParameters(answer)['code'] ?? '';
  const redeem = (code: string, { at = auth, id = client } = {}) =>
    at.token({
      grant_type: 'authorization_code',
      client_id: id,
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
    });
  const refresh = ({ body }: TestResponse, { at = auth, resource = PHOTOS } = {}) =>
    at.token({
      grant_type: 'refresh_token',
      client_id: client,
      refresh_token: body['refresh_token'] ?? '',
      resource,
    });
  const removeAccess = async () =>
    browser.submit(await browser.open('/account'), {}, { action: '/account/remove-access' });
  const sessions = () => auth.app.get(SessionService).listActive(person.id);
  const events = async () => {
    const rows = await auth.app.get(UnitOfWork).query<{ type: string; detail: string }>(
      `SELECT type, detail FROM security_event
       WHERE account_id = $1 AND (type = 'consent.withdrawn' OR type = 'family.ended') ORDER BY type`,
      [person.id],
    );
    return rows.map(({ type, detail }) => ({ type, ...JSON.parse(detail) }));
  };

  describe('the list of applications at /account', () => {
    const applicationsIn = ({ text }: TestResponse) =>
      /<ul class="entries applications"[^>]*>(.*)<\/ul>/s.exec(text)?.[1] ?? '';

    it('shows name, access and time of the first consent of each application', async () => {
      await consents();
      for (const { clock } of [auth, replica]) clock.advance({ seconds: 3 * 3600 });
      await browser.grantConsent(person, client);
      const shown = applicationsIn(await browser.open('/account'));
      expect(shown).toContain('<p class="name">Prints &amp; more</p>');
      expect(shown).toContain('Allowed 3 hours ago');
      expect(shown).toContain('<li>See your e-mail address</li>');
      expect(shown).toContain('<li>tickets:read</li>');
      expect(shown).toContain(`id="remove-access-${client}"`);
    });

    it('shows the applications in the language of the browser', async () => {
      await consents();
      const { text } = await browser.open('/account', { headers: { 'accept-language': 'de' } });
      expect(text).toContain('Anwendungen mit Zugriff');
      expect(text).toContain('Zugriff entziehen');
    });

    it('lists no first-party clients, no disabled clients and no clients of other accounts', async () => {
      const [own, disabled] = [await aClient(auth), await aClient(auth)];
      for (const id of [own, disabled]) await browser.grantConsent(person, id);
      await auth.registerClient({ id: own, firstParty: true });
      await auth.app.get(ClientOperationsService).disable(disabled, 'operator');
      await browser.grantConsent(await anAccount(auth), client);
      const page = await browser.open('/account');
      expect(page.text).toContain('No application has access to your account.');
      expect(applicationsIn(page)).toBe('');
    });
  });

  it('revokes the tokens of the client at once, also in the status list, and asks for consent again', async () => {
    const tokens = await redeem(codeIn(await consents()));
    const { body } = await refresh(tokens, { resource: ISSUER });
    const userInfo = () =>
      auth.send('/userinfo', {
        headers: { authorization: `Bearer ${body['access_token']}` },
      });
    expect((await userInfo()).status).toBe(200);
    const since = auth.clock.now() - 1;
    const findEnded = () => auth.app.get(UnitOfWork).query(SELECT_REVOKED_STATUS_INDEXES, [since]);
    const endedBefore = (await findEnded()).length;

    expect(toAccount(await removeAccess())).toEqual([303, '/account']);

    expect((await userInfo()).status).toBe(401);
    expect(await refresh({ ...tokens, body })).toMatchObject(invalidGrant);
    expect(await findEnded()).toHaveLength(endedBefore + 1);
    expect(titleOf(await browser.authorize(client))).toContain('asks for access');
    expect(
      readRedirectParameters(await browser.authorize(client, { prompt: 'none' })),
    ).toMatchObject({
      error: 'consent_required',
    });
    expect(await events()).toEqual([
      { type: 'consent.withdrawn', accountId: person.id, clientId: client },
      expect.objectContaining({ type: 'family.ended', reason: 'consent_withdrawn' }),
    ]);
  });

  it('keeps the access of other clients, other accounts and the browser session', async () => {
    const another = await aClient(auth, { name: 'Another' });
    const other = await anAccount(auth);
    const theirs = new TestBrowser(auth);
    await theirs.signIn(other);
    await theirs.grantConsent(other, client);
    await redeem(await theirs.obtainCode(client, { scope: SCOPE }));
    await redeem(codeIn(await consents(another)), { id: another });
    await redeem(codeIn(await consents()));

    const { action, body } = findForm(
      await browser.open('/account'),
      {},
      { action: '/account/remove-access' },
    );
    body.set('client', client);
    await browser.open(action, { method: 'POST', body });

    expect((await sessions()).map(({ clientId }) => clientId)).toEqual([another]);
    expect(await auth.app.get(SessionService).listActive(other.id)).toHaveLength(1);
    expect(await auth.app.get(AuthorizedClientService).list(other.id)).toHaveLength(1);
    expect(toAccount(await browser.open('/account'))).toEqual([200, null]);
  });

  describe('an authorization code at the withdrawal of consent (RFC 6749 §4.1.2)', () => {
    /** Issues a code as a request would that read the consent before its withdrawal. */
    async function issued({ app } = auth): Promise<string> {
      const [session] = await app.get(BrowserSessionService).listActive(person.id);
      if (!session) throw new Error('the person is not logged in');
      return app.get(AuthorizationCodeService).issue({
        clientId: client,
        redirectUri: CALLBACK,
        scope: ['openid', 'photos:read'],
        resources: [PHOTOS],
        codeChallenge: computeChallenge(VERIFIER),
        nonce: null,
        claims: null,
        dpopJkt: null,
        session,
      });
    }

    it('rejects a code that was issued before the withdrawal, also after a new consent', async () => {
      const [one, other] = [codeIn(await consents()), await browser.obtainCode(client)];
      await removeAccess();
      expect(await redeem(one)).toMatchObject(invalidGrant);
      await consents();
      expect(await redeem(other)).toMatchObject(invalidGrant);
      expect(await sessions()).toEqual([]);
    });

    it('rejects a code that a request in progress issued after the withdrawal', async () => {
      await consents();
      await removeAccess();
      const code = await issued();
      expect(await redeem(code)).toMatchObject(invalidGrant);
      expect(await sessions()).toEqual([]);
    });

    // On SQLite only one transaction writes at a time.
    if (name === 'PostgreSQL') {
      it('rejects a code that is issued and exchanged before the withdrawal is committed', async () => {
        await consents();
        const redeeming = await auth.app.get(UnitOfWork).transaction(async () => {
          await auth.app.get(AuthorizedClientService).withdrawConsent(person.id, client);
          const answer = redeem(await issued(replica), { at: replica });
          await Promise.race([answer, sleep(300)]);
          return { answer };
        });
        expect(await redeeming.answer).toMatchObject(invalidGrant);
        expect(await sessions()).toEqual([]);
      });
    }

    it('leaves no session if another replica exchanges a code during the withdrawal', async () => {
      for (let round = 0; round < 8; round += 1) {
        const code = codeIn(await consents());
        const [answer] = await Promise.all([
          redeem(code, { at: replica }),
          auth.app.get(AuthorizedClientService).withdrawConsent(person.id, client),
        ]);
        expect(await sessions()).toEqual([]);
        expect(await refresh(answer)).toMatchObject({ status: 400 });
      }
    });
  });

  it('leaves no valid refresh token if a client refreshes during the withdrawal', async () => {
    for (let round = 0; round < 5; round += 1) {
      const tokens = await redeem(codeIn(await consents()));
      const [answer] = await Promise.all([
        refresh(tokens, { at: replica }),
        auth.app.get(AuthorizedClientService).withdrawConsent(person.id, client),
      ]);
      for (const one of [tokens, answer]) expect((await refresh(one)).status).toBe(400);
      expect(await sessions()).toEqual([]);
    }
  });

  it('withdraws a consent once for concurrent requests', async () => {
    await redeem(codeIn(await consents()));
    await Promise.all(
      [auth, replica].map(({ app }) =>
        app.get(AuthorizedClientService).withdrawConsent(person.id, client),
      ),
    );
    expect((await events()).map(({ type }) => type)).toEqual(['consent.withdrawn', 'family.ended']);
  });

  it.each(['', 'unknown-client', 'x'.repeat(100), 'a\0b', "' OR 1=1"])(
    'withdraws nothing for the unknown client %j',
    async (id) => {
      await consents();
      const { action, body } = findForm(
        await browser.open('/account'),
        {},
        { action: '/account/remove-access' },
      );
      body.set('client', id);
      expect(toAccount(await browser.open(action, { method: 'POST', body }))).toEqual([
        303,
        '/account',
      ]);
      expect(await auth.app.get(AuthorizedClientService).list(person.id)).toHaveLength(1);
    },
  );

  it('rejects the form of another person, and a form without form token (OWASP ASVS 3.5.1)', async () => {
    await consents();
    const { action, body } = findForm(
      await browser.open('/account'),
      {},
      { action: '/account/remove-access' },
    );
    const stranger = new TestBrowser(auth);
    await stranger.signIn(await anAccount(auth));
    expect((await stranger.open(action, { method: 'POST', body })).status).toBe(403);
    body.delete('form_token');
    expect((await browser.open(action, { method: 'POST', body })).status).toBe(403);
    expect(await auth.app.get(AuthorizedClientService).list(person.id)).toHaveLength(1);
  });
});
