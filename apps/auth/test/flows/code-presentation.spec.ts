import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import type { Account } from '../../src/accounts/account.entity.js';
import { aClient, anAccount, CALLBACK, TestBrowser, VERIFIER } from '../support/test-browser.js';
import {
  decodeClaims,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';
import { lockOnPostgres, lockOnSqlite, type WriterLock } from '../support/writer-lock.js';

const invalidGrant = { status: 400, body: { error: 'invalid_grant' } };
const SCOPE = 'openid offline_access photos:read tickets:read';
const withoutPkce = { code_challenge: undefined, code_challenge_method: undefined };
type Parameters = Record<string, string | undefined>;

eachDatabase('presentation of an authorization code (RFC 6749 §4.1.3)', (fresh) => {
  let auth: TestAuth;
  let user: Account;
  let client: string;
  let browser: TestBrowser;
  let isSqlite: boolean;
  let lockWrites: () => Promise<WriterLock>;
  beforeAll(async () => {
    const at = await fresh();
    auth = await TestAuth.start(toDatabaseSettings(at));
    const { databaseUrl } = at;
    isSqlite = databaseUrl === undefined;
    lockWrites = () =>
      databaseUrl === undefined
        ? lockOnSqlite(auth.app.get(UnitOfWork))
        : lockOnPostgres(databaseUrl);
    user = await anAccount(auth);
    client = await aClient(auth);
    browser = await aBrowser(client);
  });
  afterAll(() => auth.stop());

  /** A browser in which the user is logged in and has consented to the client. */
  async function aBrowser(id: string): Promise<TestBrowser> {
    const newBrowser = new TestBrowser(auth);
    await newBrowser.signIn(user);
    await newBrowser.grantConsent(user, id);
    return newBrowser;
  }
  const aCode = () => browser.obtainCode(client, { scope: SCOPE });
  const redeem = (code: string, more: Parameters = {}, as?: string) => {
    const parameters: Parameters = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      ...(as === undefined && { client_id: client }),
      ...more,
    };
    const sent = Object.entries(parameters).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    return auth.token(Object.fromEntries(sent), as);
  };
  const refresh = ({ body }: TestResponse) =>
    auth.token({
      grant_type: 'refresh_token',
      client_id: client,
      refresh_token: body['refresh_token'] ?? '',
    });
  const rows = <Row>(sql: string) => auth.app.get(UnitOfWork).query<Row>(sql);
  const ends = () =>
    rows(`SELECT end_reason FROM refresh_token_family WHERE end_reason = 'code_reuse'`);
  const events = async (type: string): Promise<unknown[]> => {
    const found = await rows<{ detail: string }>(
      `SELECT detail FROM security_event WHERE type = '${type}'`,
    );
    return found.map(({ detail }) => JSON.parse(detail));
  };

  it('exchanges a code without redirect URI, because PKCE binds the code to the client (OAuth 2.1 §10.2)', async () => {
    expect((await redeem(await aCode(), { redirect_uri: undefined })).status).toBe(200);
    const refused = await redeem(await aCode(), {
      redirect_uri: undefined,
      code_verifier: 'x'.repeat(43),
    });
    expect(refused).toMatchObject(invalidGrant);
  });

  it('requires the redirect URI of a code without PKCE, and names it (RFC 6749 §4.1.3)', async () => {
    const id = await aClient(auth, { secret: 'secret', pkce: 'never-required' });
    const ownBrowser = await aBrowser(id);
    const code = await ownBrowser.obtainCode(id, withoutPkce);
    const as = `${id}:secret`;
    const missing = { code_verifier: undefined, redirect_uri: undefined };
    expect((await redeem(code, missing, as)).body).toEqual({
      error: 'invalid_request',
      error_description: 'redirect_uri is missing.',
    });
    expect((await redeem(code, { code_verifier: undefined }, as)).status).toBe(200);
  });

  it.each([
    ['a code that expires while its exchange waits for the database', 50, 15, 200],
    ['no code that had expired when its exchange arrived', 61, 0, 400],
  ])('accepts %s (RFC 6749 §4.1.2)', async (_, age, wait, status) => {
    const code = await aCode();
    auth.clock.advance({ seconds: age });
    const lock = await lockWrites();
    const exchange = redeem(code);
    if (status === 200) await lock.waitUntilBlocking(exchange);
    await auth.send('/health/live', {});
    await auth.send('/health/live', {});
    auth.clock.advance({ seconds: wait });
    await lock.release();
    expect((await exchange).status).toBe(status);
  });

  it('leaves the code usable when the time for the answer is over before it was used', async () => {
    const code = await aCode();
    const lock = await lockWrites();
    const exchange = redeem(code);
    await lock.waitUntilBlocking(exchange);
    await auth.send('/health/live', {});
    await auth.send('/health/live', {});
    auth.clock.advance({ seconds: 20 });
    await lock.release();
    const { status } = await exchange;
    if (isSqlite) expect([status, (await redeem(code)).status]).toEqual([503, 200]);
    else expect(status).toBe(200);
  });

  it.each([1, 1000, 1001, 4096])(
    'repeats a nonce of %d characters in the ID token (OpenID Connect Core §2)',
    async (length) => {
      const nonce = 'n'.repeat(length);
      const { body } = await redeem(await browser.obtainCode(client, { nonce }));
      expect(decodeClaims(body['id_token'])['nonce']).toBe(nonce);
    },
  );

  it.each<[string, Parameters, string]>([
    [
      'another redirect URI',
      { redirect_uri: `${CALLBACK}/` },
      'redirect_uri differs from the one of the authorization request.',
    ],
    ['no verifier', { code_verifier: undefined }, 'code_verifier is missing.'],
    [
      'another verifier',
      { code_verifier: 'x'.repeat(43) },
      'code_verifier does not match code_challenge.',
    ],
  ])('tells the client that owns the code about %s', async (_, parameters, text) => {
    const { body } = await redeem(await aCode(), parameters);
    expect(body).toEqual({ error: 'invalid_grant', error_description: text });
  });

  it.each<[string, Parameters, string]>([
    ['without the verifier', { code_verifier: undefined }, 'code_verifier'],
    ['with another verifier', { code_verifier: 'x'.repeat(43) }, 'code_verifier'],
    ['with another redirect URI', { redirect_uri: 'https://evil.example/' }, 'redirect_uri'],
  ])('revokes nothing when an attacker presents a used code %s', async (_, parameters, check) => {
    const code = await aCode();
    const first = await redeem(code);
    const before = [await ends(), await events('authorization_code.reused')];
    expect(await redeem(code, parameters)).toMatchObject(invalidGrant);
    expect([await ends(), await events('authorization_code.reused')]).toEqual(before);
    expect(await events('token.refused')).toContainEqual(
      expect.objectContaining({ clientId: client, check }),
    );
    expect((await refresh(first)).status).toBe(200);
  });

  it('revokes nothing when an attacker presents the used code of a confidential client without its secret', async () => {
    const id = await aClient(auth, { secret: 'secret', pkce: 'never-required' });
    const code = await (await aBrowser(id)).obtainCode(id, { scope: SCOPE, ...withoutPkce });
    const own = { code_verifier: undefined };
    const first = await redeem(code, own, `${id}:secret`);
    expect(first.status).toBe(200);
    for (const attempt of [{ client_id: id }, { client_id: id, client_secret: 'guess' }]) {
      const { body } = await redeem(code, { ...own, ...attempt });
      expect(body['error']).toBe('invalid_client');
    }
    const missing = { ...own, redirect_uri: undefined };
    expect((await redeem(code, missing, `${id}:secret`)).status).toBe(400);
    const refreshed = await auth.token(
      { grant_type: 'refresh_token', refresh_token: first.body['refresh_token'] ?? '' },
      `${id}:secret`,
    );
    expect(refreshed.status).toBe(200);
  });
});
