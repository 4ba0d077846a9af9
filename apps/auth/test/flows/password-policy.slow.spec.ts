import { readFile } from 'node:fs/promises';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { findPasswordFault } from '../../src/accounts/password-policy.js';
import { TestOps } from '../support/test-ops.js';
import {
  PASSWORD,
  PRODUCTION_HASHING,
  TestAuth,
  toDatabaseSettings,
} from '../support/test-auth.js';

const EMAIL = 'ada@example.org';
const LENGTH = 'must have 8 to 128 characters';
const COMMON = 'must not be one of the commonest passwords';
const OWNER_EMAIL = 'must not be the e-mail';

const UNACCEPTABLE: [string, string, string][] = [
  ['seven characters', 'seven77', LENGTH],
  ['129 characters', 'x'.repeat(129), LENGTH],
  ['half a surrogate pair', `\ud83d${'x'.repeat(10)}`, LENGTH],
  ['the commonest password', 'password', COMMON],
  ['a common password in mixed case', 'TrustNo1', COMMON],
  ['the last one of the list', 'dalmatio', COMMON],
  ['the e-mail', EMAIL, OWNER_EMAIL],
  ['the e-mail in mixed case', 'Ada@Example.ORG', OWNER_EMAIL],
];

describe('a new password (OWASP ASVS 6.2)', () => {
  let auth: TestAuth;
  let session: { access_token: string };
  beforeAll(async () => {
    auth = await TestAuth.start();
    await auth.register(EMAIL);
    const { body } = await auth.login(EMAIL, { resource: 'http://localhost:3000' });
    session = { access_token: body['access_token'] ?? '' };
  });
  afterAll(() => auth.stop());

  const change = (new_password: string) =>
    auth.json(
      '/auth/password',
      { current_password: PASSWORD, new_password },
      { authorization: `Bearer ${session.access_token}` },
    );

  it.each(UNACCEPTABLE)(
    'fails at registration with the name of the rule for %s',
    async (_, password, rule) => {
      const answer = await auth.json('/auth/register', { email: EMAIL, password });
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({
        error: 'invalid_request',
        error_description: `The password ${rule}.`,
      });
    },
  );

  it.each(UNACCEPTABLE)(
    'fails at a password change with the name of the rule for %s',
    async (_, password, rule) => {
      const answer = await change(password);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ errors: [{ pointer: '#/new_password', detail: rule }] });
      expect((await auth.login(EMAIL)).status).toBe(200);
    },
  );

  it.each([
    ['128 characters', 'x'.repeat(128)],
    ['eight emoji, counted by code point', '🔑'.repeat(8)],
    ['spaces at both ends', '  two words  '],
    ['text after a NUL', 'before\u0000after'],
    ['73 bytes, of which the last one counts', `${'x'.repeat(72)}y`],
    ['ligatures, which are not normalized', 'ﬁve-ﬁshes'],
  ])('works exactly as typed with %s', async (_, password) => {
    const email = `e${[...password].length}-${password.codePointAt(0)}@example.org`;
    await auth.register(email, password);
    const statusOf = async (text: string) => (await auth.login(email, { password: text })).status;
    expect(await statusOf(password)).toBe(200);
    for (const other of [
      [...password].slice(0, -1).join(''),
      `${password} `,
      [...password.trim()].slice(0, 7).join(''),
      password.normalize('NFKC') === password ? `x${password}` : password.normalize('NFKC'),
    ]) {
      expect(await statusOf(other)).toBe(400);
    }
  });
});

describe('the list of common passwords', () => {
  it('contains 10,000 passwords, and only they are rejected as common', async () => {
    const file = new URL('../../src/accounts/common-passwords.txt', import.meta.url);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const passwords = lines.filter((line) => !line.startsWith('#'));
    expect(new Set(passwords).size).toBe(10_000);
    expect(passwords.filter((word) => findPasswordFault(word) !== COMMON)).toEqual([]);
    expect(passwords.filter((word) => findPasswordFault(word.toUpperCase()) !== COMMON)).toEqual(
      [],
    );
    for (const other of ['corvette corvette', lines[0] ?? '', PASSWORD]) {
      expect(findPasswordFault(other)).toBeUndefined();
    }
  });
});

eachDatabase('a change of the argon2id parameters', (fresh) => {
  /** Another recommended pair of OWASP: less memory, more passes. */
  const OTHER = { ARGON2_MEMORY_KIB: '7168', ARGON2_PASSES: '5' };

  const databaseSettings = async () => toDatabaseSettings(await fresh());
  const hashIn = async (auth: TestAuth) =>
    (await auth.app.get(AccountRepository).findByEmail(EMAIL))?.passwordHash;

  it('applies to an account at its next successful login, also with parallel logins', async () => {
    const settings = await databaseSettings();
    const before = await TestAuth.start({ ...settings, ...PRODUCTION_HASHING });
    await before.register(EMAIL);
    expect(await hashIn(before)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await before.stop();

    const auth = await TestAuth.start({ ...settings, ...OTHER });
    expect((await auth.login(EMAIL, { password: 'not the password' })).status).toBe(400);
    expect(await hashIn(auth)).toMatch(/m=19456,t=2/);

    const logins = await Promise.all(Array.from({ length: 6 }, () => auth.login(EMAIL)));
    expect(logins.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 200));
    const rehashed = await hashIn(auth);
    expect(rehashed).toMatch(/^\$argon2id\$v=19\$m=7168,t=5,p=1\$/);

    expect((await auth.login(EMAIL)).status).toBe(200);
    expect(await hashIn(auth)).toBe(rehashed);
  });

  it('never restores a password that was changed during the login', async () => {
    const auth = await TestAuth.start({ ...(await databaseSettings()), ...PRODUCTION_HASHING });
    await auth.register(EMAIL);
    const accounts = auth.app.get(AccountRepository);
    const account = await accounts.findByEmail(EMAIL);
    if (!account) throw new Error('no account');
    await accounts.setPassword(account.id, 'changed');
    expect(await accounts.replacePasswordHash(account, 'the same password, another hash')).toBe(
      false,
    );
    expect(await hashIn(auth)).toBe('changed');
  });
});

describe('the ops commands', () => {
  it('reject unacceptable passwords, and the error names the rule', async () => {
    const auth = await TestAuth.start(PRODUCTION_HASHING);
    const settings = { ID_TOKEN_ALGORITHM: 'ES256', DATA_DIR: auth.config.DATA_DIR };
    const ops = new TestOps({ settings, clock: auth.clock });
    const create = (password: string) =>
      ops.run(['accounts', 'create', EMAIL, '--password-stdin'], `${password}\n`);
    for (const [, password, rule] of UNACCEPTABLE.filter(([, text]) => text.isWellFormed())) {
      const { code, errors } = await create(password);
      expect([code, errors]).toEqual([2, expect.stringContaining(`the password ${rule}`)]);
    }
    expect((await create(PASSWORD)).code).toBe(0);
    const { code, errors } = await ops.run(
      ['accounts', 'reset-password', EMAIL, '--password-stdin'],
      `${EMAIL}\n`,
    );
    expect([code, errors]).toEqual([2, expect.stringContaining(`the password ${OWNER_EMAIL}`)]);
  });
});
