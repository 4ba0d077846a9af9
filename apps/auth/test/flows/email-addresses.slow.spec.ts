import { eachDatabase } from '@gatehouse/persistence/testing';
import fc from 'fast-check';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { normalizeEmail } from '../../src/accounts/email-address.js';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { anAccount } from '../support/factories.js';
import { TestBrowser } from '../support/test-browser.js';
import { PASSWORD, TestAuth, toDatabaseSettings } from '../support/test-auth.js';

describe('normalizeEmail', () => {
  it.each([
    ['lower-cases the address', 'User@EXAMPLE.org', 'user@example.org'],
    ['removes blanks at the ends', ' user@example.org\n', 'user@example.org'],
    ['keeps A-labels (RFC 5890)', 'user@xn--e1afmkfd.xn--p1ai', 'user@xn--e1afmkfd.xn--p1ai'],
    ['converts a Unicode domain', 'user@пример.рф', 'user@xn--e1afmkfd.xn--p1ai'],
    ['converts an upper-case Unicode domain', 'user@MÜNCHEN.de', 'user@xn--mnchen-3ya.de'],
    ['converts the dots of UTS 46', 'user@例え。テスト', 'user@xn--r8jz45g.xn--zckzah'],
    ['takes letters of all scripts (RFC 6531)', 'Jürgen@example.org', 'jürgen@example.org'],
    ['composes letters (NFC)', 'ju\u0308rgen@example.org', 'jürgen@example.org'],
    ['takes a local part in another script', '用户@example.org', '用户@example.org'],
    ['takes an apostrophe and a tag', "o'neil+x@example.org", "o'neil+x@example.org"],
    ['takes all atext (RFC 5322)', "!#$%&'*+-/=?^_`{|}~a@x.org", "!#$%&'*+-/=?^_`{|}~a@x.org"],
    ['takes slash and equals', 'a/b=c@example.org', 'a/b=c@example.org'],
    ['takes percent and exclamation marks', '!def!xyz%abc@example.org', '!def!xyz%abc@example.org'],
    ['takes 64 octets', `${'a'.repeat(64)}@example.org`, `${'a'.repeat(64)}@example.org`],
  ])('%s', (_, text, expected) => {
    expect(normalizeEmail(text)).toBe(expected);
  });

  it.each([
    ['no at sign', 'example.org'],
    ['no local part', '@example.org'],
    ['no domain', 'user@'],
    ['two at signs', 'a@b@example.org'],
    ['a host without a dot', 'user@localhost'],
    ['an IPv4 address', 'user@127.0.0.1'],
    ['an IPv4 address in hexadecimal', 'user@0x7f.1'],
    ['an address literal', 'user@[127.0.0.1]'],
    ['a path after the domain', 'user@example.org/x'],
    ['a port', 'user@example.org:25'],
    ['a percent-encoded domain', 'user@ex%61mple.org'],
    ['a dot at the end', 'user@example.org.'],
    ['two dots in the domain', 'user@example..org'],
    ['a label that begins with a hyphen', 'user@-example.org'],
    ['a label of 64 characters', `user@${'x'.repeat(64)}.org`],
    ['a malformed A-label', 'user@xn--a.org'],
    ['a dot at the start', '.user@example.org'],
    ['two dots in the local part', 'a..b@example.org'],
    ['a quoted local part', '"a b"@example.org'],
    ['a blank inside', 'a b@example.org'],
    ['a line break inside', 'a\r\nBcc:b@example.org'],
    ['a NUL', 'a\0b@example.org'],
    ['half a character', '\ud800@example.org'],
    ['65 octets', `${'a'.repeat(65)}@example.org`],
    ['33 letters of two octets', `${'ü'.repeat(33)}@example.org`],
    [
      '255 octets',
      `${'a'.repeat(60)}@${'x'.repeat(60)}.${'y'.repeat(60)}.${'z'.repeat(60)}.example.org`,
    ],
    ['a zero-width space', 'us\u200ber@example.org'],
    ['a soft hyphen in the domain', 'user@exam\u00adple.org'],
    ['a bidirectional control character', 'user\u202e@example.org'],
    ['full-width letters', 'ｕser@example.org'],
    ['Cyrillic letters among Latin ones', 'pаypal@example.org'],
  ])('rejects an address with %s', (_, text) => {
    expect(normalizeEmail(text)).toBeUndefined();
  });

  it('returns a form that is its own normal form, for any text', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(part, part, fc.constantFrom('org', 'рф', 'xn--p1ai'), (local, host, tld) => {
        const normal = normalizeEmail(`${local}@${host}.${tld}`);
        if (normal === undefined) return;
        expect(normalizeEmail(normal)).toBe(normal);
        expect(normalizeEmail(normal.normalize('NFD'))).toBe(normal);
        expect(normal).toMatch(/^[^\p{C}\s]+@[a-z0-9.-]+$/u);
      }),
    );
  });
});

eachDatabase('accounts with internationalized addresses', (fresh) => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start(toDatabaseSettings(await fresh()));
  });
  afterAll(() => auth.stop());

  it('stores one account for all forms of an address, in JSON and on the pages', async () => {
    const forms = ['Jürgen@MÜNCHEN.example', 'ju\u0308rgen@xn--mnchen-3ya.example'];
    await auth.register(forms[0] ?? '');
    const account = await auth.app
      .get(AccountRepository)
      .findByEmail('jürgen@xn--mnchen-3ya.example');
    for (const form of forms) {
      // Registration answers alike, and creates no second account.
      const registered = await auth.json('/auth/register', {
        email: form,
        password: 'x'.repeat(9),
      });
      expect(registered.status).toBe(201);
      expect((await auth.login(form)).status).toBe(200);
      const browser = new TestBrowser(auth);
      const page = await browser.submitPassword(await browser.open('/login'), form);
      expect(page.text).toContain(account?.email);
    }
  });

  it('lets a person register on the page with an address outside of ASCII', async () => {
    const browser = new TestBrowser(auth);
    const page = await browser.open('/register');
    expect(page.text).toContain('type="text" inputmode="email"');
    await browser.submitPassword(page, ' 用户@例え.テスト ');
    const login = await auth.json('/auth/login', { email: '用户@例え.テスト', password: PASSWORD });
    expect(login.status).toBe(200);
  });

  it('answers a malformed address with the rule', async () => {
    const answer = await auth.json('/auth/register', { email: 'a b@x.org', password: PASSWORD });
    expect([answer.status, answer.body['error_description']]).toEqual([
      400,
      'The email must be an e-mail address.',
    ]);
  });

  it('loses no claim when an address is verified twice and claims are set at the same time', async () => {
    const operations = auth.app.get(AccountOperationsService);
    for (let round = 0; round < 5; round += 1) {
      const { id } = await anAccount(auth);
      const results = await Promise.all([
        operations.verifyEmail(id, 'operator'),
        operations.setClaims(id, { name: 'Ada', email_verified: true }, 'operator'),
        operations.verifyEmail(id, 'operator'),
      ]);
      expect(results.filter(Boolean).length).toBeLessThan(3);
      const { updated_at, ...claims } = await auth.app.get(AccountRepository).findClaims(id);
      expect(claims).toEqual({ name: 'Ada', email_verified: true });
    }
  });
});
