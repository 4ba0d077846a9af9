import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { TestBrowser } from '../support/test-browser.js';
import { PASSWORD, PRODUCTION_HASHING, TestAuth, type TestResponse } from '../support/test-auth.js';
import { computeMannWhitneyZ, hasDifferentTiming } from '../support/timing.js';

const KNOWN = 'known@example.org';
const DISABLED = 'disabled@example.org';
const UNKNOWN = 'unknown@example.org';
const WRONG = 'not the password';

/** The response without its date, form tokens, ids of verifications and e-mails, which may differ. */
const publicPartOf = ({ status, text, headers }: TestResponse) => ({
  status,
  text: text
    .replaceAll(/name="form_token" value="[^"]*"/g, '')
    .replaceAll(/"verification":"[\w-]{22}"/g, 'verification')
    .replaceAll(/[\w-]+@example\.org/g, 'e-mail'),
  fields: [...headers]
    .filter(([name]) => name !== 'date' && name !== 'content-length')
    .map(([name, value]) => [name, value.replace(/verification=[\w-]{22}$/, 'verification')]),
});

describe('protection against user enumeration (OWASP ASVS 6.3.8)', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start(PRODUCTION_HASHING);
    for (const email of [KNOWN, DISABLED]) await auth.register(email);
    const account = await auth.app.get(AccountRepository).findByEmail(DISABLED);
    await auth.app.get(AccountOperationsService).disable(account?.id ?? '', 'operator');
  });
  afterAll(() => auth.stop());

  const login = (email: string, password = WRONG) => auth.login(email, { password });
  let emails = 0;
  const aFreeEmail = () => `someone-${(emails += 1)}@example.org`;
  const register = (email: string) =>
    auth.json('/auth/register', { email, password: 'a password of someone' });

  const forgotten = (email: string) => auth.json('/auth/password/forgotten', { email });

  describe('content of responses', () => {
    it('answers a login the same for known, unknown and disabled accounts', async () => {
      const answers = [
        await login(KNOWN),
        await login(UNKNOWN),
        await login(DISABLED),
        await login(DISABLED, PASSWORD),
        await login(`${'x'.repeat(60)}@example.org`),
      ];
      const [first, ...others] = answers.map(publicPartOf);
      expect(first?.status).toBe(400);
      for (const other of others) expect(other).toEqual(first);
    });

    it('answers a registration the same for a free and a taken e-mail', async () => {
      const [one, other] = ['one-more@example.org', 'no-other@example.org'];
      await register(one);
      const [taken, free] = [await register(one), await register(other)].map(publicPartOf);
      expect(taken?.status).toBe(201);
      expect(taken).toEqual(free);
    });

    it('answers a forgotten password the same for known, unknown and disabled accounts, and by the page', async () => {
      const browser = new TestBrowser(auth);
      const submit = async (login: string) =>
        browser.submit(await browser.open('/forgot-password'), { login });
      for (const [ask, status] of [
        [forgotten, 202],
        [submit, 200],
      ] as const) {
        const first = publicPartOf(await ask(KNOWN));
        expect(first.status).toBe(status);
        expect(publicPartOf(await ask(UNKNOWN))).toEqual(first);
        expect(publicPartOf(await ask(DISABLED))).toEqual(first);
      }
    });

    it('shows the same login page for known, unknown and disabled accounts', async () => {
      const browser = new TestBrowser(auth);
      const answerTo = async (email: string, password = WRONG) =>
        publicPartOf(
          await browser.submit(await browser.open('/login'), { login: email, password }),
        );
      const first = await answerTo(KNOWN);
      expect(first.status).toBe(400);
      expect(await answerTo(UNKNOWN)).toEqual(first);
      expect(await answerTo(DISABLED)).toEqual(first);
      expect(await answerTo(DISABLED, PASSWORD)).toEqual(first);
    });

    it('answers the registration page the same for a free and a taken e-mail', async () => {
      const browser = new TestBrowser(auth);
      const answerTo = async (login: string) => {
        const page = await browser.open('/register');
        return publicPartOf(await browser.submit(page, { login, password: PASSWORD }));
      };
      const taken = await answerTo(KNOWN);
      expect(taken.status).toBe(303);
      expect(await answerTo('unknown-yet@example.org')).toEqual(taken);
    });
  });

  describe('timing of responses', () => {
    it('takes the same time to reject a login of an unknown account', async () => {
      expect(
        await hasDifferentTiming(
          () => login(KNOWN),
          () => login(UNKNOWN),
        ),
      ).toBe(false);
    });

    it('takes the same time to reject a correct password of a disabled account', async () => {
      const disabled = () => login(DISABLED, PASSWORD);
      expect(await hasDifferentTiming(() => login(KNOWN), disabled)).toBe(false);
    });

    it('takes the same time to show the login page for an unknown account', async () => {
      const browser = new TestBrowser(auth);
      const page = await browser.open('/login');
      const submit = (login: string) => () => browser.submit(page, { login, password: WRONG });
      expect(await hasDifferentTiming(submit(KNOWN), submit(UNKNOWN))).toBe(false);
    });

    it('takes the same time to ask for a new password of an unknown account', async () => {
      const known = () => forgotten(KNOWN);
      expect(await hasDifferentTiming(known, () => forgotten(UNKNOWN))).toBe(false);
    });

    it('takes the same time to register a taken e-mail', async () => {
      expect(
        await hasDifferentTiming(
          () => register(aFreeEmail()),
          () => register(KNOWN),
        ),
      ).toBe(false);
    });

    it('differs measurably for a response without a password hash', async () => {
      const unhashed = () => login(KNOWN, 'x'.repeat(600));
      expect(await hasDifferentTiming(() => login(KNOWN), unhashed)).toBe(true);
    });

    it('causes no false alarm with random times', () => {
      const times = () => Array.from({ length: 40 }, () => Math.random());
      const distances = Array.from({ length: 400 }, () => computeMannWhitneyZ([times(), times()]));
      const beyond = (z: number) => distances.filter((each) => Math.abs(each) > z).length;
      expect(beyond(1)).toBeGreaterThan(60);
      expect(beyond(1)).toBeLessThan(200);
      expect(beyond(5)).toBe(0);
    });
  });
});
