import type { RejectionReason } from '../../../src/index.js';
import { invalidToken } from '../support/answer.js';
import { type TokenCase, tokenCases } from '../support/corpus-case.js';
import { now } from '../support/forge.js';

type Claims = () => Readonly<Record<string, unknown>>;
type Row = readonly [id: string, title: string, reason: RejectionReason, claims: Claims];

const DAY = 86_400;

/** A verifier may choose its clock tolerance, so every case is at least two minutes away from a limit. */
const expiry: readonly Row[] = [
  ['exp-past', 'The token has expired', 'expired', () => ({ exp: now() - 120 })],
  ['exp-long-past', 'The token expired in 1970', 'expired', () => ({ exp: 1 })],
  ['exp-zero', 'exp is 0', 'expired', () => ({ exp: 0 })],
  ['exp-negative', 'exp is negative', 'expired', () => ({ exp: -1 })],
  ['exp-missing', 'exp is missing', 'malformed_claims', () => ({ exp: undefined })],
  ['exp-null', 'exp is null', 'malformed_claims', () => ({ exp: null })],
  ['exp-string', 'exp is a string', 'malformed_claims', () => ({ exp: String(now() + 300) })],
  [
    'exp-date',
    'exp is a date',
    'malformed_claims',
    () => ({ exp: new Date(Date.now() + 300_000).toISOString() }),
  ],
  ['exp-array', 'exp is an array', 'malformed_claims', () => ({ exp: [now() + 300] })],
  ['exp-object', 'exp is an object', 'malformed_claims', () => ({ exp: {} })],
  ['exp-true', 'exp is true', 'malformed_claims', () => ({ exp: true })],
];

const notBefore: readonly Row[] = [
  ['nbf-future', 'nbf is in the future', 'not_yet_valid', () => ({ nbf: now() + 120 })],
  ['nbf-string', 'nbf is a string', 'malformed_claims', () => ({ nbf: String(now() + 120) })],
  ['nbf-null', 'nbf is null', 'malformed_claims', () => ({ nbf: null })],
  ['nbf-array', 'nbf is an array', 'malformed_claims', () => ({ nbf: [now() + 120] })],
];

/** RFC 9068 §2.2 requires an issuer to write iat. RFC 7519 §4.1.6 does not require a reader to check it. */
const stricter: readonly Row[] = [
  ['exp-milliseconds', 'exp is in milliseconds', 'malformed_claims', () => ({ exp: Date.now() })],
  ['exp-beyond-dates', 'exp exceeds every date', 'malformed_claims', () => ({ exp: 1e300 })],
  ['iat-missing', 'There is no iat', 'malformed_claims', () => ({ iat: undefined })],
  ['iat-string', 'iat is a string', 'malformed_claims', () => ({ iat: String(now()) })],
  ['iat-null', 'iat is null', 'malformed_claims', () => ({ iat: null })],
  ['iat-future', 'iat is in the future', 'issued_in_the_future', () => ({ iat: now() + 120 })],
  [
    'iat-long-ago',
    'The token was issued a week ago and expires in a year',
    'too_old',
    () => ({ iat: now() - 7 * DAY, exp: now() + 365 * DAY }),
  ],
];

const createCases = (rule: string, list: readonly Row[]): TokenCase[] =>
  list.map(([id, title, reason, claims]) => ({
    id,
    title,
    rule,
    reason,
    token: (forge) => forge.accessToken(claims()),
  }));

export const time = tokenCases(invalidToken, [
  ...createCases('RFC 7519 §4.1.4, RFC 9068 §2.2', expiry),
  ...createCases('RFC 7519 §4.1.5', notBefore),
  ...createCases('RFC 9068 §2.2', stricter).map((row): TokenCase => ({ ...row, stricter: true })),
]);
