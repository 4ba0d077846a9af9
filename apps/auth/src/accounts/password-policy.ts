import { readFileSync } from 'node:fs';

/** The passwords that an attacker tries first, in lower case. The file names its source in its first lines. */
const COMMON_PASSWORDS_FILE = new URL('common-passwords.txt', import.meta.url);

const commonPasswordLines = readFileSync(COMMON_PASSWORDS_FILE, 'utf8').split('\n');
const commonPasswords = new Set(
  commonPasswordLines.filter((line) => line !== '' && !line.startsWith('#')),
);

/** Whether the password, in any case, is one of the 10,000 commonest that are long enough (OWASP ASVS 6.2.4). */
const isCommonPassword = (password: string): boolean => commonPasswords.has(password.toLowerCase());

const MIN_LENGTH = 8;
const MAX_LENGTH = 128;

/** The rules for a new password, each as the end of a sentence that begins with "the password". */
const RULES = {
  length: `must have ${MIN_LENGTH} to ${MAX_LENGTH} characters`,
  common: 'must not be one of the commonest passwords',
  email: 'must not be the e-mail',
};
export type PasswordRule = keyof typeof RULES;

/**
 * Finds the rule that a new password violates. All characters are allowed, counted by code point, and stored unchanged
 * (OWASP ASVS 6.2.1 to 6.2.9).
 *
 * @param ownerEmail e-mail of the password's owner, in any case
 */
export function findBrokenRule(password: string, ownerEmail?: string): PasswordRule | undefined {
  const characters = [...password].length;
  if (!password.isWellFormed() || characters < MIN_LENGTH || characters > MAX_LENGTH)
    return 'length';
  if (isCommonPassword(password)) return 'common';
  return password.toLowerCase() === ownerEmail?.toLowerCase() ? 'email' : undefined;
}

export const describePasswordRule = (rule: PasswordRule): string => RULES[rule];

/** @returns the end of a sentence that begins with "the password"; `undefined` for an acceptable password */
export function findPasswordFault(password: string, ownerEmail?: string): string | undefined {
  const rule = findBrokenRule(password, ownerEmail);
  return rule && RULES[rule];
}
