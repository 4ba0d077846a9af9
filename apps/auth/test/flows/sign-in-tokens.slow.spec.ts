import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import type { Account } from '../../src/accounts/account.entity.js';
import { OPENID_SCOPES } from '../../src/clients/auth.scopes.js';
import { ResourceServerService } from '../../src/clients/resource-server.service.js';
import { ConsentService } from '../../src/sessions/consent.service.js';
import { aClient, anAccount, CALLBACK, TestBrowser, VERIFIER } from '../support/test-browser.js';
import { TICKETS, decodeClaims, ISSUER, PHOTOS, TestAuth } from '../support/test-auth.js';

const OPENID = Object.keys(OPENID_SCOPES);
const APIS = ['photos:read', 'photos:write', 'tickets:read'];
const ACCOUNT = ['sessions:read', 'account:password'];
const ALL = [...OPENID, ...APIS, ...ACCOUNT];
const CLIENTS = ['plain', 'lean', 'separate', 'separate-lean'] as const;

const OWN_WORDS: ReadonlyMap<string, readonly string[]> = new Map([
  [PHOTOS, ['photos:read', 'photos:write']],
  [`${PHOTOS}/`, ['photos:read', 'photos:write']],
  [TICKETS, ['tickets:read']],
  [ISSUER, ACCOUNT],
]);
interface Request {
  readonly scope: readonly string[] | undefined;
  readonly resource: string | undefined;
}
const someResource = fc.option(fc.constantFrom(...OWN_WORDS.keys()), { nil: undefined });
/** A scope without words of another API than the resource, which the server refuses (requested-resources.spec.ts). */
const someScope = (resource: string | undefined) =>
  fc.subarray(resource === undefined ? ALL : [...OPENID, ...(OWN_WORDS.get(resource) ?? [])], {
    minLength: 1,
  });
const someRequest = someResource.chain((resource) =>
  fc.option(someScope(resource), { nil: undefined }).map((scope): Request => ({ scope, resource })),
);
const someSession = someResource.chain((resource) =>
  fc.record({
    client: fc.constantFrom(...CLIENTS),
    scope: someScope(resource),
    resource: fc.constant(resource),
    refreshes: fc.array(someRequest, { maxLength: 4 }),
  }),
);

interface Grant {
  readonly client: string;
  readonly granted: readonly string[];
  /** Whether the authorization request named no resource. */
  readonly isSignIn: boolean;
}
type Body = Readonly<Record<string, string | undefined>>;
const hasOwnWord = ({ scope = ALL, resource }: Request): boolean =>
  resource === undefined ||
  (resource === ISSUER && scope.some((word) => OPENID.includes(word))) ||
  scope.some((word) => OWN_WORDS.get(resource)?.includes(word));
const toParameters = ({ scope, resource }: Request) => ({
  ...(scope && { scope: scope.join(' ') }),
  ...(resource !== undefined && { resource }),
});

describe('tokens of a sign-in, for any scope, resource and registration', () => {
  let auth: TestAuth;
  let user: Account;
  let browser: TestBrowser;
  beforeAll(async () => {
    auth = await TestAuth.start();
    user = await anAccount(auth);
    browser = new TestBrowser(auth);
    await browser.signIn(user);
    for (const id of CLIENTS) {
      const separateTokens = id.startsWith('separate');
      const leanIdTokens = id.endsWith('lean');
      await aClient(auth, { id, scope: ALL, separateTokens, leanIdTokens });
      await auth.app.get(ConsentService).grant(user.id, id, ALL);
    }
  });
  afterAll(() => auth.stop());

  /** Checks the token answer to a request. */
  async function check(grant: Grant, sent: Request, body: Body) {
    const token = decodeClaims(body['access_token']);
    const audiences = [token['aud']].flat().map(String);
    const words = String(token['scope']).split(' ');
    const requested = (sent.scope ?? grant.granted).filter((word) => grant.granted.includes(word));
    expect(body['scope']).toBe(token['scope']);
    checkScope(words, requested, audiences);
    if (audiences.length > 1) checkCombined(grant, words);
    if (sent.resource !== undefined) expect(audiences).toEqual([sent.resource.replace(/\/$/, '')]);
    else if (isDefaultSignIn(grant, requested)) expect(audiences).toContain(ISSUER);
    for (const name of ['roles', 'groups']) {
      expect([name, name in token]).toEqual([name, requested.includes(name)]);
    }
    await checkUserInfo(body, words, audiences.includes(ISSUER));
    checkIdToken(grant, body);
  }

  function checkScope(
    words: readonly string[],
    requested: readonly string[],
    audiences: readonly string[],
  ) {
    const servers = auth.app.get(ResourceServerService);
    const owned = audiences.flatMap((audience) => servers.getScopes(audience));
    expect(words.filter((word) => !requested.includes(word) || !owned.includes(word))).toEqual([]);
  }

  function checkCombined({ client }: Grant, words: readonly string[]) {
    expect(words).toContain('openid');
    expect(words.filter((word) => ACCOUNT.includes(word))).toEqual([]);
    expect(client).not.toMatch(/^separate/);
  }

  /** Client libraries send such a token to userinfo. */
  const isDefaultSignIn = ({ client, isSignIn }: Grant, requested: readonly string[]): boolean =>
    isSignIn && !client.startsWith('separate') && requested.includes('openid');

  async function checkUserInfo(body: Body, words: readonly string[], isAudience: boolean) {
    const headers = { authorization: `Bearer ${body['access_token']}` };
    const { status, text } = await auth.send('/userinfo', { headers });
    const expected = !isAudience ? 401 : words.includes('openid') ? 200 : 403;
    expect(status).toBe(expected);
    if (status !== 200) return;
    const claims = JSON.parse(text);
    expect(['email' in claims, 'roles' in claims]).toEqual([
      words.includes('email'),
      words.includes('roles'),
    ]);
  }

  function checkIdToken({ client, granted }: Grant, body: Body) {
    expect('id_token' in body).toBe(granted.includes('openid'));
    if (!('id_token' in body)) return;
    const claims = decodeClaims(body['id_token']);
    const isLean = client.endsWith('lean');
    for (const name of ['email', 'roles']) {
      expect([name, name in claims]).toEqual([name, granted.includes(name) && !isLean]);
    }
  }

  it('gives each token the scope of its audiences, and each ID token the claims of the grant', async () => {
    let issued = 0;
    await fc.assert(
      fc.asyncProperty(someSession, async ({ client, scope, resource, refreshes }) => {
        const first = { scope, resource };
        const answer = await browser.authorize(client, toParameters(first));
        const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code');
        // A resource without a word of the scope is refused.
        expect(code !== null).toBe(hasOwnWord(first));
        if (code === null) return;
        const exchanged = await auth.token({
          grant_type: 'authorization_code',
          client_id: client,
          code,
          redirect_uri: CALLBACK,
          code_verifier: VERIFIER,
        });
        expect([exchanged.status, exchanged.text]).toEqual([200, expect.any(String)]);
        // An explicit resource removes the words of other APIs from the grant.
        const granted = resource === undefined ? scope : scope.filter(isOfServer(resource));
        const grant = { client, granted, isSignIn: resource === undefined };
        await check(grant, first, exchanged.body);
        issued += 1;
        let refresh_token = exchanged.body['refresh_token'];
        for (const request of refreshes) {
          if (refresh_token === undefined) return;
          const { status, body } = await auth.token({
            grant_type: 'refresh_token',
            client_id: client,
            refresh_token,
            ...toParameters(request),
          });
          expect([200, 400]).toContain(status);
          if (status === 400) continue;
          await check(grant, request, body);
          issued += 1;
          ({ refresh_token } = body);
        }
      }),
      { numRuns: 150, seed: randomInt(2 ** 31) },
    );
    expect(issued).toBeGreaterThan(100);
  });

  const isOfServer = (resource: string) => (word: string) =>
    OPENID.includes(word) ||
    auth.app.get(ResourceServerService).getScopes(resource.replace(/\/$/, '')).includes(word);
});
