import { readFileSync } from 'node:fs';

/** What an attacker tries first, in lower case; where the list is from stands at its beginning. */
const LIST = new URL('common-passwords.txt', import.meta.url);

const lines = readFileSync(LIST, 'utf8').split('\n');
const common = new Set(lines.filter((line) => line !== '' && !line.startsWith('#')));

/** Whether it is one of the commonest 10,000 passwords that are long enough (OWASP ASVS 6.2.4), in any case. */
export const isCommon = (password: string): boolean => common.has(password.toLowerCase());
