import type { TestProvider } from './test-provider.js';

/** The claims that each scope stands for (OpenID Connect Core §5.4). */
const CLAIMS: Readonly<Record<string, string>> = {
  profile:
    'name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate zoneinfo locale updated_at',
  email: 'email email_verified',
  address: 'address',
  phone: 'phone_number phone_number_verified',
};

/** A birth date of a living adult: the suite refuses 1815. */
const BIRTHDATE = /^(19[4-9]\d|200\d)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** Types and formats of the claims (OpenID Connect Core §5.1, §5.1.1). */
const PLAUSIBLE: Readonly<Record<string, unknown>> = {
  birthdate: expect.stringMatching(BIRTHDATE),
  zoneinfo: expect.stringMatching(
    new RegExp(`^(${Intl.supportedValuesOf('timeZone').join('|')})$`),
  ),
  locale: expect.stringMatching(/^[a-z]{2}-[A-Z]{2}$/),
  profile: expect.stringMatching(/^https:/),
  picture: expect.stringMatching(/^https:/),
  website: expect.stringMatching(/^https:/),
  email: expect.stringMatching(/^[^@]+@[^@]+$/),
  email_verified: expect.any(Boolean),
  // E.164, with spaces as RFC 3966 allows separators.
  phone_number: expect.stringMatching(/^\+[1-9][\d ]{6,18}$/),
  phone_number_verified: expect.any(Boolean),
  address: expect.objectContaining({ formatted: expect.any(String), country: expect.any(String) }),
  updated_at: expect.any(Number),
};

const pick = (from: Readonly<Record<string, unknown>>, names: readonly string[]) =>
  Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));

const claimsOf = (scope: string): readonly string[] =>
  scope.split(' ').flatMap((word) => (CLAIMS[word] ?? 'sub').split(' '));

/** Modules of the Basic OP plan about claims and userinfo. */
export function claimsModules(op: () => TestProvider): void {
  it.each([
    ['oidcc-scope-profile', 'openid profile'],
    ['oidcc-scope-email', 'openid email'],
    ['oidcc-scope-address', 'openid address'],
    ['oidcc-scope-phone', 'openid phone'],
    ['oidcc-scope-all', 'openid profile email address phone'],
    ['oidcc-ensure-other-scope-order-succeeds', 'email openid'],
  ])('%s', async (_, scope) => {
    const party = await op().createRelyingParty();
    const { tokens, claims } = await party.signIn(op().createEndUser(), { scope });
    const userInfo = await party.fetchUserInfo(tokens, claims.sub);
    // userinfo has a value for each claim of the scope and no other claim. The ID token has the same claims.
    expect(Object.keys(userInfo).sort()).toEqual([...claimsOf(scope)].sort());
    expect(Object.values(userInfo)).not.toContain('');
    expect(claims).toMatchObject(userInfo);
    expect(userInfo).toMatchObject(pick(PLAUSIBLE, Object.keys(userInfo)));
  });

  it('oidcc-claims-essential', async () => {
    const party = await op().createRelyingParty();
    const parameters = { claims: '{"userinfo":{"name":{"essential":true}}}' };
    const { tokens, claims } = await party.signIn(op().createEndUser(), parameters);
    const userInfo = await party.fetchUserInfo(tokens, claims.sub);
    expect(userInfo).toEqual({ sub: claims.sub, name: 'Ada Maria Lovelace' });
  });

  it.each<[string, (token: string) => RequestInit, number]>([
    ['oidcc-userinfo-get', (token) => ({ headers: { authorization: `Bearer ${token}` } }), 200],
    [
      'oidcc-userinfo-post-header',
      (token) => ({ method: 'POST', headers: { authorization: `Bearer ${token}` } }),
      200,
    ],
    // A server may reject this request, because OAuth 2.1 removed it. The suite then skips the module.
    [
      'oidcc-userinfo-post-body',
      (token) => ({ method: 'POST', body: new URLSearchParams({ access_token: token }) }),
      401,
    ],
  ])('%s', async (_, request, status) => {
    const party = await op().createRelyingParty();
    const { tokens } = await party.signIn(op().createEndUser());
    expect(await party.fetchUserInfoStatus(request(tokens.access_token))).toBe(status);
  });
}
