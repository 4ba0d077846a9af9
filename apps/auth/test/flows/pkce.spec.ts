import { UnitOfWork } from '@gatehouse/persistence';
import * as oidc from 'openid-client';
import type { Account } from '../../src/accounts/account.entity.js';
import type { ClientRegistration } from '../../src/clients/client.repository.js';
import {
  aClient,
  anAccount,
  buildAuthorizationQuery,
  CALLBACK,
  computeChallenge,
  readRedirectParameters,
  TestBrowser,
  VERIFIER,
} from '../support/test-browser.js';
import { decodeClaims, ISSUER, PHOTOS, TestAuth, type TestResponse } from '../support/test-auth.js';

let auth: TestAuth;
let user: Account;
let client: string;
let browser: TestBrowser;

beforeAll(async () => {
  auth = await TestAuth.start();
  user = await anAccount(auth);
  client = await aClient(auth);
  browser = new TestBrowser(auth);
  await browser.signIn(user);
  await browser.grantConsent(user, client);
});
afterAll(() => auth.stop());

const NONCE = 'n-0S6_WzA2Mj';

const expectError = (answer: TestResponse, error: string): void =>
  expect(readRedirectParameters(answer)).toMatchObject({ error, state: 'a-state' });

describe('PKCE or nonce (RFC 7636, RFC 9700 §2.1.1, OAuth 2.1 §7.5.1)', () => {
  type Sent = Record<string, string | undefined>;
  const RULES = ['always', 'or-nonce', 'never-required'] as const;
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    for (const pkce of RULES) {
      ids[pkce] = await aClient(auth, { secret: 'secret', pkce });
      await browser.grantConsent(user, ids[pkce]);
    }
    ids['public'] = client;
  });
  const none = { code_challenge: undefined, code_challenge_method: undefined };
  const idOf = (kind: string) => ids[kind] ?? '';
  const authorize = async (kind: string, sent: Sent) =>
    readRedirectParameters(await browser.authorize(idOf(kind), sent));
  const redeem = (kind: string, code: string, more: Record<string, string> = {}) => {
    const parameters = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, ...more };
    return kind === 'public'
      ? auth.token({ ...parameters, client_id: client })
      : auth.token(parameters, `${idOf(kind)}:secret`);
  };

  it.each<[string, Sent]>([
    ['a method without a challenge', { code_challenge: undefined }],
    ['a challenge without a method, which would be plain', { code_challenge_method: undefined }],
    ['the method plain', { code_challenge_method: 'plain', code_challenge: VERIFIER }],
    ['another method', { code_challenge_method: 'S512' }],
    ['the method in small letters', { code_challenge_method: 's256' }],
    ['a challenge that is too short', { code_challenge: computeChallenge(VERIFIER).slice(1) }],
    ['a challenge that is too long', { code_challenge: `${computeChallenge(VERIFIER)}A` }],
    ['a challenge in other letters', { code_challenge: `${computeChallenge(VERIFIER).slice(1)}=` }],
  ])('rejects %s for every client, also beside a nonce', async (_, parameters) => {
    for (const id of Object.values(ids)) {
      expectError(await browser.authorize(id, parameters), 'invalid_request');
      const withNonce = { ...parameters, nonce: NONCE };
      expectError(await browser.authorize(id, withNonce), 'invalid_request');
    }
  });

  const YES_NO = ['yes', 'no'] as const;
  const TABLE = ['public', ...RULES].flatMap((kind) =>
    YES_NO.flatMap((challenge) =>
      YES_NO.flatMap((nonce) => YES_NO.map((openid) => ({ kind, challenge, nonce, openid }))),
    ),
  );
  type Row = (typeof TABLE)[number];
  const ALLOWED_WITHOUT_CHALLENGE: Record<string, (row: Row) => boolean> = {
    'or-nonce': ({ nonce, openid }) => nonce === 'yes' && openid === 'yes',
    'never-required': () => true,
  };
  const isAllowed = (row: Row) =>
    row.challenge === 'yes' || (ALLOWED_WITHOUT_CHALLENGE[row.kind]?.(row) ?? false);
  const toParameters = ({ challenge, nonce, openid }: Row): Sent => ({
    ...(challenge === 'no' && none),
    ...(nonce === 'yes' && { nonce: NONCE }),
    scope: openid === 'yes' ? 'openid photos:read' : 'photos:read',
  });

  it.each(TABLE.filter((row) => !isAllowed(row)))(
    'refuses a request (rule: $kind, challenge: $challenge, nonce: $nonce, openid: $openid)',
    async (row) => {
      expect(await authorize(row.kind, toParameters(row))).toMatchObject({
        error: 'invalid_request',
      });
    },
  );

  it.each(TABLE.filter(isAllowed))(
    'redeems a code only with the verifier that fits, RFC 9700 §4.8.2 (rule: $kind, challenge: $challenge, nonce: $nonce, openid: $openid)',
    async (row) => {
      const { code = '' } = await authorize(row.kind, toParameters(row));
      const verifiers = [{ code_verifier: VERIFIER }, {}];
      const [right, wrong] = row.challenge === 'yes' ? verifiers : verifiers.reverse();
      const refused = await redeem(row.kind, code, wrong);
      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      const { status, body } = await redeem(row.kind, code, right);
      const claims = body['id_token'] ? decodeClaims(body['id_token']) : undefined;
      expect([status, claims !== undefined]).toEqual([200, row.openid === 'yes']);
      const expected = row.nonce === 'yes' && row.openid === 'yes' ? NONCE : undefined;
      expect(claims?.['nonce']).toBe(expected);
    },
  );

  it('repeats the nonce in the ID token when the token request names a resource (RFC 8707 §2.2)', async () => {
    const scope = 'openid photos:read tickets:read';
    const { code = '' } = await authorize('or-nonce', { ...none, nonce: NONCE, scope });
    const { body } = await redeem('or-nonce', code, { resource: PHOTOS });
    expect(decodeClaims(body['id_token'])['nonce']).toBe(NONCE);
    expect(decodeClaims(body['access_token'])['aud']).toBe(PHOTOS);
  });

  it.each<['accepts' | 'refuses', string, Sent]>([
    ['refuses', 'an empty nonce (RFC 6749 §3.1)', { nonce: '' }],
    ['refuses', 'a nonce of blanks', { nonce: '   ' }],
    ['accepts', 'a nonce of one character', { nonce: '7' }],
    ['accepts', 'a nonce of 4,096 characters', { nonce: 'n'.repeat(4096) }],
    ['accepts', 'a nonce and no scope, which is the registered scope', { scope: undefined }],
    ['refuses', 'a nonce and a scope of another word', { scope: 'openidx openid.x photos:read' }],
    ['accepts', 'a nonce and a resource', { scope: 'openid photos:read', resource: PHOTOS }],
    ['accepts', 'a nonce and prompt=none', { prompt: 'none' }],
    ['refuses', 'prompt=none without a nonce', { prompt: 'none', nonce: undefined }],
  ])('%s a request of a client or-nonce without PKCE, with %s', async (outcome, _, more) => {
    const answer = await authorize('or-nonce', { ...none, nonce: NONCE, ...more });
    expect('code' in answer).toBe(outcome === 'accepts');
  });

  it('returns the nonce of the request that the code belongs to, so that a client detects an injected code (RFC 9700 §4.5.3.2)', async () => {
    const [victim, attacker] = ['nonce-of-the-victim', 'nonce-of-the-attacker'];
    const { code: stolen = '' } = await authorize('or-nonce', { ...none, nonce: victim });
    await authorize('or-nonce', { ...none, nonce: attacker });
    // The client redeems the stolen code in the browser of the attacker, where it expects the other nonce.
    const { body } = await redeem('or-nonce', stolen);
    expect(decodeClaims(body['id_token'])['nonce']).toBe(victim);
  });

  it('lets an independent client library log in without PKCE, which rejects an injected code by its nonce', async () => {
    const config = await oidc.discovery(
      new URL(ISSUER),
      idOf('or-nonce'),
      { [oidc.clockSkew]: Math.round((auth.clock.now() - Date.now()) / 1000) },
      oidc.ClientSecretBasic('secret'),
      {
        execute: [oidc.allowInsecureRequests],
        [oidc.customFetch]: (url: string, init: object) =>
          fetch(url.replace(ISSUER, auth.url), init),
      },
    );
    const arrive = async (nonce: string) => {
      const parameters = { scope: 'openid photos:read', state: 'a-state', nonce };
      const url = oidc.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, ...parameters });
      const answer = await browser.open(`${url.pathname}${url.search}`);
      return new URL(answer.headers.get('location') ?? '');
    };
    const redeemIn = async (expectedNonce: string, arrival: URL) =>
      (
        await oidc.authorizationCodeGrant(config, arrival, {
          ...{ expectedNonce, expectedState: 'a-state', idTokenExpected: true },
        })
      ).claims()?.nonce;
    const [own, other] = [oidc.randomNonce(), oidc.randomNonce()];
    expect(await redeemIn(own, await arrive(own))).toBe(own);
    await expect(redeemIn(own, await arrive(other))).rejects.toMatchObject({
      cause: { cause: { claim: 'nonce' } },
    });
  });

  it.each([
    ['always', 1, 0],
    ['or-nonce', 1, 1],
    ['never-required', 0, 0],
  ])(
    'stores the rule %s so that a replica of the previous version is not laxer',
    async (...row) => {
      const [pkce, required, replaced] = row;
      const rows = await auth.app
        .get(UnitOfWork)
        .query('SELECT require_pkce, nonce_replaces_pkce FROM client WHERE id = $1', [idOf(pkce)]);
      expect(rows).toEqual([{ require_pkce: required, nonce_replaces_pkce: replaced }]);
    },
  );

  it('requires a nonce of the body of a POST in the same way (OpenID Connect Core §3.1.2.1)', async () => {
    const post = async (sent: Sent) => {
      const body = new URLSearchParams(buildAuthorizationQuery(idOf('or-nonce'), sent));
      const answer = await browser.open('/oauth/authorize', { method: 'POST', body });
      return readRedirectParameters(await browser.follow(answer));
    };
    expect(await post({ ...none, nonce: NONCE })).toHaveProperty('code');
    expect(await post(none)).toMatchObject({ error: 'invalid_request' });
  });

  it('answers with a form for form_post, also without PKCE', async () => {
    const form = { ...none, response_mode: 'form_post' };
    const allowed = await browser.authorize(idOf('or-nonce'), { ...form, nonce: 'a-nonce' });
    expect(allowed.text).toMatch(/name="code" value="[\w-]{43}"/);
    const refused = await browser.authorize(idOf('or-nonce'), form);
    expect(refused.text).toContain('name="error" value="invalid_request"');
  });

  it('rejects a repeated nonce, because the client checks one of them', async () => {
    const query = buildAuthorizationQuery(idOf('or-nonce'), { ...none, nonce: 'one' });
    expectError(await browser.open(`/oauth/authorize?${query}&nonce=two`), 'invalid_request');
  });

  it.each<[string, string, Sent, RegExp]>([
    ['a public client', 'public', none, /^code_challenge is missing: send .* S256.*public client/],
    ['a client that needs PKCE', 'always', none, /is missing: send .*S256.* or-nonce/],
    ['a client or-nonce', 'or-nonce', none, /is missing: send .*S256.* openid .*nonce is missing/],
    [
      'a client or-nonce without openid',
      'or-nonce',
      { ...none, scope: 'photos:read', nonce: 'a-nonce' },
      /is missing: send .*S256.*openid is missing/,
    ],
    [
      'a client that sends plain',
      'or-nonce',
      { code_challenge_method: 'plain' },
      /^code_challenge_method must be S256, and is plain/,
    ],
    [
      'a client that sends no method',
      'always',
      { code_challenge_method: undefined },
      /^code_challenge_method is missing: send S256/,
    ],
    [
      'a client that sends a method alone',
      'never-required',
      { code_challenge: undefined },
      /^code_challenge is missing/,
    ],
  ])('tells %s what to send', async (_, kind, sent, text) => {
    const { error_description } = await authorize(kind, sent);
    expect(error_description).toMatch(text);
    expect(error_description?.length).toBeLessThan(300);
  });

  describe('when the operator changes the client while a code is on its way', () => {
    const withNonce = { ...none, nonce: NONCE, scope: 'openid photos:read' };
    it.each<[string, Partial<ClientRegistration>, Sent, number]>([
      ['refuses a code without challenge after PKCE became required', { pkce: 'always' }, {}, 400],
      [
        'refuses a code that relied on a nonce when the client lost openid, because no ID token repeats the nonce',
        { scope: ['photos:read'] },
        {},
        400,
      ],
      ['accepts a code that relied on a nonce after another change', { name: 'New' }, {}, 200],
    ])('%s', async (_, change, more, expected) => {
      const registration = { secret: 'secret', pkce: 'or-nonce' as const };
      const id = await aClient(auth, registration);
      await browser.grantConsent(user, id);
      const code = await browser.obtainCode(id, { ...withNonce, ...more });
      await aClient(auth, { ...registration, id, ...change });
      const parameters = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK };
      const { status, body } = await auth.token(parameters, `${id}:secret`);
      expect(status).toBe(expected);
      if (expected === 400) {
        expect(body['error']).toBe('invalid_grant');
        expect(body['error_description']).toContain('code_challenge');
      }
    });

    it('refuses a code without challenge after the client became public', async () => {
      const id = await aClient(auth, { secret: 'secret', pkce: 'never-required' });
      await browser.grantConsent(user, id);
      const code = await browser.obtainCode(id, none);
      await aClient(auth, { id });
      const parameters = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK };
      const { body } = await auth.token({ ...parameters, client_id: id });
      expect(body['error']).toBe('invalid_grant');
    });
  });
});
