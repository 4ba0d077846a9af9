import type { Account } from '../../src/accounts/account.entity.js';
import { aClient, anAccount, CALLBACK, findForm, TestBrowser } from '../support/test-browser.js';
import { PASSWORD, TestAuth, type TestResponse } from '../support/test-auth.js';

const BYE = 'https://client.example/bye';

let auth: TestAuth;
let client: string;
let logoutClient: string;
let person: Account;
let other: Account;
let browser: TestBrowser;
beforeAll(async () => {
  auth = await TestAuth.start();
  // A confidential client asks for consent once, so an answered consent page leads back to the client.
  client = await aClient(auth, { name: 'Prints', secret: 'a secret of the client' });
  logoutClient = await aClient(auth, { name: 'Bye', postLogoutRedirectUris: [BYE] });
});
beforeEach(async () => {
  [person, other] = [await anAccount(auth), await anAccount(auth)];
  browser = new TestBrowser(auth);
});
afterAll(() => auth.stop());

const signIn = async (account = person) => {
  auth.clock.advance({ seconds: 1 });
  await browser.signIn(account);
  auth.clock.advance({ seconds: 1 });
};
const consent = (account = person) => browser.grantConsent(account, client);
const titleOf = ({ text }: TestResponse) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1];

/** Where a user is after all redirects: the title of the page, or the answer to the client. */
async function endOf(answer: TestResponse): Promise<string> {
  const { status, headers, text } = await browser.follow(answer);
  const location = headers.get('location');
  if (location !== null) return location.replace(/[?&]code=.*/, ' with a code');
  const title = titleOf({ text } as TestResponse) ?? `no page: ${status}`;
  return status < 400 ? title : `${status} ${title}`;
}

/** A page in the first tab, the form that the user sends there, and its address. */
interface Tab {
  readonly address: string;
  readonly page: TestResponse;
  readonly form: ReturnType<typeof findForm>;
}

async function openTab(
  address: string,
  typed: Record<string, string> = {},
  action?: string,
): Promise<Tab> {
  const redirect = await browser.open(address);
  const location = redirect.headers.get('location') ?? address;
  const page = await browser.visit(location);
  return { address: location, page, form: findForm(page, typed, { action }) };
}
const submit = ({ form: { action, body } }: Tab) => browser.open(action, { method: 'POST', body });
const reload = ({ address }: Tab) => browser.open(address);

const authorize = (more: Record<string, string> = {}) => {
  const parameters = { client_id: client, redirect_uri: CALLBACK, response_type: 'code' };
  const pkce = { code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' };
  const query = { ...parameters, ...pkce, scope: 'openid', state: 'a-state', ...more };
  return `/oauth/authorize?${new URLSearchParams(query).toString()}`;
};

const CODE = `${CALLBACK} with a code`;
const credentials = () => ({ login: person.email, password: PASSWORD });

type Step = () => Promise<unknown>;
const nothing: Step = () => Promise.resolve();
const signedIn: Step = () => signIn();
const signedInWithConsent: Step = async () => {
  await signIn();
  await consent();
};
const signedOut: Step = async () => {
  await browser.submit(await browser.open('/account'), {}, { action: '/oauth/logout/confirm' });
};
const otherAccount: Step = async () => {
  await signIn(other);
  await consent(other);
};

describe('a page in one tab after the session of the browser changed in another tab', () => {
  type Case = readonly [
    page: string,
    before: Step,
    open: () => Promise<Tab>,
    between: readonly [string, Step],
    afterReload: string,
    afterSubmit: string,
  ];
  const login = () => openTab(authorize(), credentials());
  const plainLogin = () => openTab('/login', credentials());
  const registration = async () => {
    const { address } = await openTab(authorize());
    const typed = { login: `${Date.now()}-${Math.random()}@new.example`, password: PASSWORD };
    return openTab(address.replace('/login', '/register'), typed);
  };
  const allow = () => openTab(authorize(), { decision: 'allow' });
  const select = () => openTab(authorize({ prompt: 'select_account' }));
  const endOthers = async () => {
    const elsewhere = new TestBrowser(auth);
    await elsewhere.signIn(person);
    return openTab('/account', {}, '/account/end-others');
  };
  const password = () =>
    openTab('/account/password', {
      current_password: PASSWORD,
      new_password: 'another good password',
    });
  const deletion = () => openTab('/account/delete', { current_password: PASSWORD });
  const signOut = () =>
    openTab(
      `/oauth/logout?${new URLSearchParams({ client_id: logoutClient, post_logout_redirect_uri: BYE, state: 's' }).toString()}`,
    );

  const CASES: readonly Case[] = [
    ['login', nothing, login, ['the user signed in', signedInWithConsent], CODE, CODE],
    [
      'login',
      nothing,
      login,
      ['the user signed in without consent', signedIn],
      'Prints asks for access',
      'Prints asks for access',
    ],
    [
      'login',
      nothing,
      login,
      ['another user signed in', otherAccount],
      CODE,
      'Prints asks for access',
    ],
    [
      'direct login',
      nothing,
      plainLogin,
      ['the user signed in', signedIn],
      'Your account',
      'Your account',
    ],
    [
      'direct login',
      nothing,
      plainLogin,
      ['another user signed in', otherAccount],
      'Your account',
      'Your account',
    ],
    [
      'registration',
      nothing,
      registration,
      ['the user signed in', signedInWithConsent],
      CODE,
      'Confirm your e\u2011mail address',
    ],
    [
      'consent',
      signedIn,
      allow,
      ['the user signed in again', signedIn],
      'Prints asks for access',
      'Prints asks for access',
    ],
    ['consent', signedIn, allow, ['the user consented', signedInWithConsent], CODE, CODE],
    ['consent', signedIn, allow, ['the user signed out', signedOut], 'Sign in', 'Sign in'],
    ['consent', signedIn, allow, ['another user signed in', otherAccount], CODE, CODE],
    [
      'account selection',
      signedInWithConsent,
      select,
      ['the user signed in again', signedIn],
      CODE,
      CODE,
    ],
    [
      'account selection',
      signedIn,
      select,
      ['the user signed out', signedOut],
      'Sign in',
      'Sign in',
    ],
    [
      'account selection',
      signedInWithConsent,
      select,
      ['another user signed in', otherAccount],
      CODE,
      CODE,
    ],
    [
      'account',
      signedIn,
      endOthers,
      ['the user signed in again', signedIn],
      'Your account',
      'Your account',
    ],
    ['account', signedIn, endOthers, ['the user signed out', signedOut], 'Sign in', 'Sign in'],
    [
      'account',
      signedIn,
      endOthers,
      ['another user signed in', otherAccount],
      'Your account',
      'Your account',
    ],
    ['password', signedIn, password, ['the user signed out', signedOut], 'Sign in', 'Sign in'],
    [
      'password',
      signedIn,
      password,
      ['another user signed in', otherAccount],
      'Change your password',
      'Change your password',
    ],
    [
      'deletion',
      signedIn,
      deletion,
      ['another user signed in', otherAccount],
      'Delete your account?',
      'Delete your account?',
    ],
    [
      'sign-out',
      signedIn,
      signOut,
      ['the user signed in again', signedIn],
      'Sign out?',
      'Sign out?',
    ],
    [
      'sign-out',
      signedIn,
      signOut,
      ['the user signed out', signedOut],
      `${BYE}?state=s`,
      `${BYE}?state=s`,
    ],
    [
      'sign-out',
      signedIn,
      signOut,
      ['another user signed in', otherAccount],
      'Sign out?',
      'Sign out?',
    ],
  ];

  const rows = CASES.map(([page, before, open, [event, change], afterReload, afterSubmit]) => ({
    ...{ page, before, open, event, change, afterReload, afterSubmit },
  }));

  it.each(rows)('leads on from $page after $event', async (row) => {
    await row.before();
    const tab = await row.open();
    await row.change();
    expect(await endOf(await reload(tab))).toBe(row.afterReload);
    expect(await endOf(await submit(tab))).toBe(row.afterSubmit);
  });

  it('carries out no form that was opened in another session of the browser', async () => {
    const elsewhere = new TestBrowser(auth);
    await elsewhere.signIn(person);
    await signIn();
    const account = await browser.open('/account');
    const password = await browser.open('/account/password');
    const deletion = await browser.open('/account/delete');
    const typed = { current_password: PASSWORD, new_password: 'another good password' };
    await signIn();
    await browser.submit(account, {}, { action: '/account/end-others' });
    await browser.submit(password, typed);
    await browser.submit(deletion, { current_password: PASSWORD });
    await browser.submit(account, {}, { action: '/oauth/logout/confirm' });
    expect((await elsewhere.open('/account')).status).toBe(200);
    expect((await browser.open('/account')).status).toBe(200);
    expect((await auth.login(person.email)).status).toBe(200);
  });

  it.each([
    ['prompt=login', { prompt: 'login' }],
    ['max_age=0', { max_age: '0' }],
    ['a max_age that the session exceeds', { max_age: '1' }],
  ])('still asks for the password with %s (OpenID Connect Core §3.1.2.1)', async (_, more) => {
    const tab = await openTab(authorize(more), credentials());
    await signedInWithConsent();
    auth.clock.advance({ seconds: 5 });
    expect(await endOf(await reload(tab))).toBe('Sign in');
    expect(await endOf(await submit(tab))).toBe(CODE);
  });

  it('goes on with a max_age that the new session satisfies', async () => {
    await signIn();
    auth.clock.advance({ seconds: 120 });
    const tab = await openTab(authorize({ max_age: '60' }), credentials());
    await signedInWithConsent();
    expect(await endOf(await reload(tab))).toBe(CODE);
  });

  it('shows the form again to the slower of two tabs whose first pages arrived at the same time', async () => {
    const slower = findForm(await browser.open('/login'), credentials());
    browser.cookies.clear();
    await browser.open('/login');
    const headers = { origin: 'http://localhost:3000' };
    const answer = await browser.open(slower.action, { ...slower, method: 'POST', headers });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/login']);
    browser.cookies.clear();
    const withoutCookies = await browser.open(slower.action, {
      ...slower,
      method: 'POST',
      headers,
    });
    expect([withoutCookies.status, titleOf(withoutCookies)]).toEqual([
      403,
      'This page is out of date',
    ]);
  });

  it('asks a signed-in user to sign in to the account that was just registered', async () => {
    await signIn();
    const typed = { login: `${Date.now()}@new.example`, password: PASSWORD };
    const registered = await browser.submit(await browser.open('/register'), typed);
    const verification = await browser.follow(registered);
    const [, later = ''] = /id="later" href="([^"]+)"/.exec(verification.text) ?? [];
    expect(await endOf(await browser.open(later))).toBe('Sign in');
    await signIn();
    expect(await endOf(await browser.open(later))).toBe('Your account');
  });

  it('lets a signed-in user sign in to another account for the client', async () => {
    await signedInWithConsent();
    const select = await browser.visit(authorize({ prompt: 'select_account' }));
    const [, href = ''] = /id="another-account" href="([^"]+)"/.exec(select.text) ?? [];
    const login = await browser.open(href.replaceAll('&amp;', '&'));
    expect(titleOf(login)).toBe('Sign in');
    const consentPage = await browser.submitPassword(login, other.email);
    expect(consentPage.text).toContain(other.email);
  });
});

describe('a page that was opened before the server restarted', () => {
  it.each([
    ['/login', 'login', { password: PASSWORD }, 'Your account'],
    ['/account', 'account', {}, 'Sign in'],
  ])('accepts the form of %s', async (path, _, typed, end) => {
    const before = await TestAuth.start();
    const { email } = await anAccount(before);
    const user = new TestBrowser(before);
    if (path === '/account') await user.submitPassword(await user.open('/login'), email);
    const action = path === '/account' ? '/oauth/logout/confirm' : path;
    const form = findForm(await user.open(path), { login: email, ...typed }, { action });
    await before.stop();

    const after = await TestAuth.start({ DATA_DIR: before.config.DATA_DIR });
    const again = new TestBrowser(after);
    for (const [name, value] of user.cookies) again.cookies.set(name, value);
    const answer = await again.follow(
      await again.open(form.action, { method: 'POST', body: form.body }),
    );
    expect(titleOf(answer)).toBe(path === '/account' ? 'You are signed out' : end);
    await after.stop();
  });
});

describe('a sign-in that took longer than half an hour', () => {
  const linkOf = ({ text }: TestResponse) =>
    /id="way-on" href="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');

  it.each([
    ['the home page of a web application', [CALLBACK], CALLBACK, 'https://client.example/'],
    [
      'the home page of a web application under development',
      ['http://localhost:4000/callback'],
      'http://localhost:4000/callback',
      'http://localhost:4000/',
    ],
    [
      'an app on the device with an error (RFC 6749 §4.1.2.1)',
      ['com.example.app:/callback'],
      'com.example.app:/callback',
      'com.example.app:/callback?error=access_denied&error_description=The+request+has+expired.&state=a-state&iss=http%3A%2F%2Flocalhost%3A3000',
    ],
    [
      'an app at a loopback port with an error',
      ['http://127.0.0.1/callback?x=y'],
      'http://127.0.0.1:50123/callback?x=y',
      'http://127.0.0.1:50123/callback?x=y&error=access_denied&error_description=The+request+has+expired.&state=a-state&iss=http%3A%2F%2Flocalhost%3A3000',
    ],
  ])('links to %s', async (_, redirectUris, redirect_uri, link) => {
    const id = await aClient(auth, { name: 'Prints', redirectUris });
    const tab = await openTab(authorize({ client_id: id, redirect_uri }), credentials());
    auth.clock.advance({ seconds: 1800 });
    for (const answer of [await reload(tab), await submit(tab)]) {
      expect([answer.status, titleOf(answer), linkOf(answer)]).toEqual([
        400,
        'This sign-in request has expired',
        link,
      ]);
      expect(answer.text).toContain('Back to Prints');
    }
  });

  it('does not link to an address that is not registered any more', async () => {
    const id = await aClient(auth);
    const tab = await openTab(authorize({ client_id: id }), credentials());
    await aClient(auth, { id, redirectUris: ['https://moved.example/callback'] });
    auth.clock.advance({ seconds: 1800 });
    expect(linkOf(await reload(tab))).toBe('/account');
  });

  it('links to the login page if this server did not write the ticket', async () => {
    const { address } = await openTab(authorize(), credentials());
    const forged = await browser.open(address.replace('ticket=', 'ticket=x'));
    expect([forged.status, linkOf(forged)]).toEqual([400, '/login']);
  });
});
