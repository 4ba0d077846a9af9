import { readFileSync } from 'node:fs';

/** The passwords that an attacker tries first, in lower case. The file names its source in its first lines. */
const COMMON_PASSWORDS_FILE = new URL('common-passwords.txt', import.meta.url);

const COMMON_PASSWORDS = 10_000;

const MIN_LENGTH = 8;
const MAX_LENGTH = 128;

/** The rules for a new password, each as the end of a sentence that begins with "the password". */
const RULES = {
  length: `must have ${MIN_LENGTH} to ${MAX_LENGTH} characters`,
  common: 'must not be one of the commonest passwords',
  email: 'must not be the e-mail',
};
export type PasswordRule = keyof typeof RULES;

class PasswordListConfigurationError extends Error {
  override readonly name = 'PasswordListConfigurationError';
}

/** @throws {PasswordListConfigurationError} for a list that would let common passwords pass */
export function parseCommonPasswords(text: string): ReadonlySet<string> {
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  const words = lines.filter((line) => /^\S{8,}$/.test(line) && line === line.toLowerCase());
  const usable = new Set(words);
  if (usable.size === lines.length && usable.size === COMMON_PASSWORDS) return usable;
  throw new PasswordListConfigurationError(
    `The list of common passwords has ${usable.size} usable lines of ${lines.length}, and must have ${COMMON_PASSWORDS}. ` +
      'Restore accounts/common-passwords.txt, and build again.',
  );
}

let commonPasswords: ReadonlySet<string> | undefined;

/** The 10,000 commonest passwords that are long enough (OWASP ASVS 6.2.4). The start of the server calls this. */
export function loadCommonPasswords(): ReadonlySet<string> {
  return (commonPasswords ??= parseCommonPasswords(readFileSync(COMMON_PASSWORDS_FILE, 'utf8')));
}

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
  if (loadCommonPasswords().has(password.toLowerCase())) return 'common';
  return password.toLowerCase() === ownerEmail?.toLowerCase() ? 'email' : undefined;
}

export const describePasswordRule = (rule: PasswordRule): string => RULES[rule];

/** @returns the end of a sentence that begins with "the password"; `undefined` for an acceptable password */
export function findPasswordFault(password: string, ownerEmail?: string): string | undefined {
  const rule = findBrokenRule(password, ownerEmail);
  return rule && RULES[rule];
}
