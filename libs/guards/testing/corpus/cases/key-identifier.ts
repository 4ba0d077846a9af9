import type { RejectionReason } from '../../../src/index.js';
import { invalidToken } from '../support/answer.js';
import { type TokenCase, tokenCases } from '../support/corpus-case.js';
import { withHeader } from '../support/forge.js';

type Row = readonly [id: string, title: string, kid: (good: string) => unknown];

/** Text with a meaning to the system that looks keys up: a file system, a database, a shell, an object, a log. */
const unknown: readonly Row[] = [
  ['kid-unknown', 'kid is an unknown identifier', () => 'unknown'],
  ['kid-path', 'kid is a path', () => '../../../../../dev/null'],
  ['kid-sql', 'kid is SQL', () => "x' UNION SELECT 'secret'--"],
  ['kid-command', 'kid is a command', () => '$(sleep 30)|sleep 30'],
  ['kid-prototype', 'kid is __proto__', () => '__proto__'],
  ['kid-constructor', 'kid is constructor', () => 'constructor'],
  ['kid-line-break', 'kid has line breaks', () => 'a\r\nSet-Cookie: b=c\r\n\r\nforged log line'],
  ['kid-case', 'kid is the correct identifier in capitals', (good) => good.toUpperCase()],
  ['kid-space', 'kid is the correct identifier with a space', (good) => `${good} `],
];

const malformed: readonly Row[] = [
  ['kid-empty', 'kid is empty', () => ''],
  ['kid-null', 'kid is null', () => null],
  ['kid-number', 'kid is a number', () => 1],
  ['kid-array', 'kid is an array that contains the correct identifier', (good) => [good]],
  ['kid-operator', 'kid is a query operator', () => ({ $ne: '' })],
  ['kid-4-kb', 'kid is 4 kB long', () => 'k'.repeat(4096)],
];

const createCases = (reason: RejectionReason, list: readonly Row[]): TokenCase[] =>
  list.map(([id, title, kid]) => ({
    id,
    title,
    rule: 'RFC 8725 §3.10, RFC 7515 §4.1.4',
    reason,
    token: (forge) => forge.accessToken({}, { header: { kid: kid(forge.issuer.signingKey.kid) } }),
  }));

export const keyIdentifier = tokenCases(invalidToken, [
  ...createCases('unknown_key', unknown),
  ...createCases('malformed_key_id', malformed),
  {
    id: 'kid-missing',
    title: 'kid is missing, and the issuer has several keys',
    rule: 'RFC 7515 §4.1.4: optional',
    reason: 'malformed_key_id',
    stricter: true,
    token: withHeader({ kid: undefined }),
  },
]);
