import { readFileSync } from 'node:fs';

/** What an attacker tries first, in lower case; where the list is from stands at its beginning. */
const COMMON_PASSWORDS_FILE = new URL('common-passwords.txt', import.meta.url);

const commonPasswordLines = readFileSync(COMMON_PASSWORDS_FILE, 'utf8').split('\n');
const commonPasswords = new Set(
  commonPasswordLines.filter((line) => line !== '' && !line.startsWith('#')),
);

/** Whether it is one of the commonest 10,000 passwords that are long enough (OWASP ASVS 6.2.4), in any case. */
export const isCommonPassword = (password: string): boolean =>
  commonPasswords.has(password.toLowerCase());

const MIN_LENGTH = 8;
const MAX_LENGTH = 128;

/**
 * The rule that a new password breaks, as the end of a sentence; nothing where it may be taken. Characters are of any kind,
 * counted as people count them, and none is changed (OWASP ASVS 6.2.1 to 6.2.9).
 *
 * @param owner whose password it will be: e-mail, in any case
 */
export function findPasswordFault(password: string, owner?: string): string | undefined {
  const characters = [...password].length;
  if (!password.isWellFormed() || characters < MIN_LENGTH || characters > MAX_LENGTH) {
    return `must have ${MIN_LENGTH} to ${MAX_LENGTH} characters`;
  }
  if (isCommonPassword(password)) return 'must not be one of the commonest passwords';
  if (password.toLowerCase() === owner?.toLowerCase()) return 'must not be the e-mail';
  return undefined;
}
