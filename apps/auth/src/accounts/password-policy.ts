import { isCommon } from './common-passwords.js';

const FEWEST = 8;
const MOST = 128;

/**
 * The rule that a new password breaks, as the end of a sentence; nothing where it may be taken. Characters are of any kind,
 * counted as people count them, and none is changed (OWASP ASVS 6.2.1 to 6.2.9).
 *
 * @param owner whose password it will be: e-mail, in any case
 */
export function passwordFault(password: string, owner?: string): string | undefined {
  const characters = [...password].length;
  if (!password.isWellFormed() || characters < FEWEST || characters > MOST) {
    return `must have ${FEWEST} to ${MOST} characters`;
  }
  if (isCommon(password)) return 'must not be one of the commonest passwords';
  if (password.toLowerCase() === owner?.toLowerCase()) return 'must not be the e-mail';
  return undefined;
}
