import { readFileSync } from 'node:fs';
import { findPasswordFault, parseCommonPasswords } from '../../src/accounts/password-policy.js';

const FILE = new URL('../../src/accounts/common-passwords.txt', import.meta.url);
const text = readFileSync(FILE, 'utf8');

describe('the list of common passwords (OWASP ASVS 6.2.4)', () => {
  it.each(['starwars', 'cardinal', 'vacation'])('refuses %s', (password) => {
    expect(findPasswordFault(password)).toBe('must not be one of the commonest passwords');
  });

  it('reads the same passwords with the line ends of Windows', () => {
    const windows = text.replaceAll('\n', '\r\n');
    expect(parseCommonPasswords(windows)).toEqual(parseCommonPasswords(text));
  });

  it.each([
    ['empty', ''],
    ['cut short', text.slice(0, 40_000)],
    ['a list with blanks at the line ends', text.replaceAll('\n', ' \n')],
    ['a list in capitals', text.toUpperCase()],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'],
  ])('stops the start of the server when it is %s', (_, unusable) => {
    expect(() => parseCommonPasswords(unusable)).toThrow(/must have 10000/);
  });
});
