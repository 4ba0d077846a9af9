import { SignJWT } from 'jose';
import * as oidc from 'openid-client';
import { type EndUser, SUITE } from './end-user.js';
import type { TestProvider } from './test-provider.js';
import type { RelyingParty } from './relying-party.js';

const BYE = `${SUITE}/post_logout_redirect`;

/** A login of a user at a client, and the ID token that the client sends as hint. */
interface Session {
  readonly party: RelyingParty;
  readonly user: EndUser;
  readonly idToken: string;
}
type Request = (idToken: string) => Record<string, string> | Promise<Record<string, string>>;

/** Modules of the RP-initiated logout plan. */
export function logoutModules(op: () => TestProvider): void {
  async function session(): Promise<Session> {
    const party = await op().createRelyingParty();
    const user = op().createEndUser();
    const { tokens } = await party.signIn(user);
    return { party, user, idToken: tokens.id_token ?? '' };
  }
  const logOut = async ({ party, user, idToken }: Session, request: Request) => {
    const url = oidc.buildEndSessionUrl(party.config, await request(idToken));
    // The suite identifies the client by the hint only.
    url.searchParams.delete('client_id');
    return user.navigate(url);
  };

  /** Checks with prompt=none that the user is logged out, as the suite does. */
  const expectLoggedOut = async ({ party, user }: Session) => {
    expect((await party.signInExpectingError(user, { prompt: 'none' })).error).toBe(
      'login_required',
    );
  };

  it.each<[string, Request, string]>([
    [
      'oidcc-rp-initiated-logout',
      (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: BYE, state: 'a b&c' }),
      `${BYE}?state=a+b%26c`,
    ],
    [
      'oidcc-rp-initiated-logout-no-state',
      (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: BYE }),
      BYE,
    ],
  ])('%s', async (_, request, address) => {
    const current = await session();
    const { pages, arrival } = await logOut(current, request);
    expect([pages, arrival?.href]).toEqual([[], address]);
    await expectLoggedOut(current);
  });

  it('oidcc-rp-initiated-logout-no-post-logout-redirect-uri', async () => {
    const current = await session();
    const visit = await logOut(current, (hint) => ({ id_token_hint: hint, state: 'x' }));
    expect([visit.pages, visit.arrival]).toEqual([[], undefined]);
    expect(visit.answer.text).toContain('You are signed out');
    await expectLoggedOut(current);
  });

  it.each<[string, Request]>([
    [
      'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri',
      (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: `${BYE}/KJj5` }),
    ],
    [
      'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri',
      (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: `${BYE}?foo=bar` }),
    ],
    [
      'oidcc-rp-initiated-logout-no-id-token-hint',
      () => ({ post_logout_redirect_uri: BYE, state: 'x' }),
    ],
    [
      'oidcc-rp-initiated-logout-modified-id-token-hint',
      (hint) => ({ id_token_hint: modified(hint), post_logout_redirect_uri: BYE, state: 'x' }),
    ],
    [
      'oidcc-rp-initiated-logout-bad-id-token-hint',
      async (hint) => ({ id_token_hint: await forged(hint), post_logout_redirect_uri: BYE }),
    ],
    ['oidcc-rp-initiated-logout-no-params', () => ({})],
    ['oidcc-rp-initiated-logout-only-state', () => ({ state: 'x' })],
  ])('%s', async (_, request) => {
    const current = await session();
    const { pages, arrival, answer } = await logOut(current, request);
    // The server asks the user and does not redirect after the confirmation.
    expect([pages, arrival]).toEqual([['logout'], undefined]);
    expect(answer.text).toContain('You are signed out');
    await expectLoggedOut(current);
  });
}

/** The same claims with another signature. */
function modified(token: string): string {
  const [header, body, signature = ''] = token.split('.');
  return [header, body, [...signature].reverse().join('')].join('.');
}

/** The same claims, signed by the client. */
function forged(token: string): Promise<string> {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode('x'.repeat(32)));
}
