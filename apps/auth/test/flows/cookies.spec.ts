import { createCookieBase } from '@gatehouse/service-kit';
import { anAccount, TestBrowser } from '../support/test-browser.js';
import { PASSWORD, TestAuth } from '../support/test-auth.js';

describe('the cookie of a browser session (ASVS 3.3)', () => {
  const cookieOf = async (settings: Record<string, string>) => {
    const auth = await TestAuth.start(settings);
    const { email } = await anAccount(auth);
    const browser = new TestBrowser(auth);
    const page = await browser.open('/login');
    const { headers } = await browser.submit(page, { login: email, password: PASSWORD });
    return [...page.headers.getSetCookie(), headers.getSetCookie()[0]];
  };

  it('lasts as long as the session may with BROWSER_SESSION_PERSISTS', async () => {
    const settings = { BROWSER_SESSION_PERSISTS: 'true', BROWSER_SESSION_TTL: '3600' };
    expect((await cookieOf(settings))[1]).toMatch(/^session-3000=[\w-]{43}; Max-Age=3600; Path=/);
  });

  it.each([
    ['http://localhost:3000', 'session-3000'],
    ['http://127.0.0.1:4010/auth', 'session-4010'],
    ['http://[::1]:3000', 'session-3000'],
    ['http://localhost', 'session'],
    ['http://auth.internal:3000', 'session'],
    ['https://localhost:3000', '__Host-session'],
    ['https://auth.example.org', '__Host-session'],
  ])(
    'has a name for each server at a loopback address, here %s (RFC 6265 §8.5)',
    (issuer, name) => {
      expect(createCookieBase(issuer, 'session').name).toBe(name);
    },
  );

  it('gives all cookies other names on another port', async () => {
    const other = await TestAuth.start({ ISSUER: 'http://localhost:4010' });
    const { email } = await anAccount(other);
    const browser = new TestBrowser(other);
    await browser.submitPassword(await browser.open('/login'), email);
    const { headers } = await other.login(email, { cookie: true });
    const cookies = headers.getSetCookie().map((cookie) => cookie.split('=')[0]);
    expect([...browser.cookies.keys(), ...cookies].sort()).toEqual([
      'form-4010',
      'known-device-4010',
      'known-device-4010',
      'refresh-token-4010',
      'session-4010',
    ]);
    await other.stop();
  });

  it('sets HttpOnly and SameSite=Lax, and no expiry', async () => {
    expect(await cookieOf({})).toEqual([
      expect.stringMatching(/^form-3000=[\w-]{22}; Path=\/; HttpOnly; SameSite=Lax$/),
      expect.stringMatching(/^session-3000=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
  });

  it('sets Secure and the prefix __Host- over https (RFC 6265bis §4.1.3)', async () => {
    expect(await cookieOf({ ISSUER: 'https://auth.example.org' })).toEqual([
      expect.stringMatching(/^__Host-form=[\w-]{22}; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
      expect.stringMatching(/^__Host-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
  });
});
