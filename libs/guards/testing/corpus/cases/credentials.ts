import type { RejectionReason } from '../../../src/index.js';
import {
  closedConnection,
  invalidBoundToken,
  invalidProof,
  noCredentials,
  unusableCredentials,
} from '../support/answer.js';
import type { CorpusCase, CorpusRequest } from '../support/corpus-case.js';

type Headers = CorpusRequest['headers'];
type Row = readonly [id: string, title: string, rule: string, authorization: Value];
type Value = (token: string) => string;

const SYNTAX = 'RFC 6750 §2.1';

/** Nothing that a Bearer resource server knows. */
const otherSchemes: readonly Row[] = [
  ['basic', 'Basic credentials', 'RFC 7617 §2', () => 'Basic YWxpY2U6c2VjcmV0'],
  ['basic-token', 'The token as Basic credentials', SYNTAX, (token) => `Basic ${token}`],
  ['dpop', 'The token under the scheme DPoP', 'RFC 9449 §7.1', (token) => `DPoP ${token}`],
  ['jwt', 'The token under the scheme JWT', SYNTAX, (token) => `JWT ${token}`],
  ['no-scheme', 'The token without a scheme', SYNTAX, (token) => token],
  ['longer-scheme', 'A scheme that begins like ours', SYNTAX, (token) => `BearerX ${token}`],
  ['colon', 'A colon after the scheme', SYNTAX, (token) => `Bearer: ${token}`],
  ['tab', 'A tab for the blank', 'RFC 9110 §11.4', (token) => `Bearer\t${token}`],
];

const malformed: readonly Row[] = [
  ['scheme-alone', 'The scheme without a token', SYNTAX, () => 'Bearer'],
  ['two-words', 'Something after the token', SYNTAX, (token) => `Bearer ${token} x`],
  ['scheme-twice', 'The scheme twice', SYNTAX, (token) => `Bearer Bearer ${token}`],
  ['list', 'Two tokens in a list', SYNTAX, (token) => `Bearer ${token}, Bearer ${token}`],
  ['comma', 'A comma after the token', SYNTAX, (token) => `Bearer ${token},`],
  ['quotes', 'The token in quotes', SYNTAX, (token) => `Bearer "${token}"`],
  ['parameter', 'The token as a parameter', SYNTAX, (token) => `Bearer token="${token}"`],
  ['percent', 'The dots as %2E', SYNTAX, (token) => `Bearer ${token.replaceAll('.', '%2E')}`],
  ['not-ascii', 'A letter that is not ASCII', SYNTAX, (token) => `Bearer ${token}\u00e9`],
  ['json', 'The token as JSON', 'RFC 7515 §7.2', (token) => `Bearer ${asJson(token)}`],
  ['undefined', 'The text "undefined"', SYNTAX, () => 'Bearer undefined'],
];

/** The resource server may know proofs, and this token has none. */
const withoutProof = [...invalidProof, ...invalidBoundToken];

function asJson(token: string): string {
  const [header, payload, signature] = token.split('.');
  return JSON.stringify({ payload, protected: header, signature });
}

const inAuthorization = (reason: RejectionReason, rows: readonly Row[]): CorpusCase[] =>
  rows.map(([id, title, rule, value]) => ({
    id: `credentials-${id}`,
    title,
    rule,
    expected: id === 'dpop' ? [...unusableCredentials, ...withoutProof] : unusableCredentials,
    reason: id === 'undefined' ? 'malformed_token' : reason,
    stricter: true,
    request: (forge) => ({ headers: [['Authorization', value(forge.accessToken())]] }),
  }));

const several: readonly [id: string, title: string, headers: (token: string) => Headers][] = [
  [
    'good-first',
    'Two Authorization headers, the first one good',
    (token) => [authorization(`Bearer ${token}`), authorization('Bearer x')],
  ],
  [
    'good-last',
    'Two Authorization headers, the last one good',
    (token) => [authorization('Bearer x'), authorization(`Bearer ${token}`)],
  ],
  [
    'twice',
    'The same Authorization header twice',
    (token) => [authorization(`Bearer ${token}`), authorization(`Bearer ${token}`)],
  ],
  [
    'basic-first',
    'Two Authorization headers, the first one Basic',
    (token) => [authorization('Basic YTpi'), authorization(`Bearer ${token}`)],
  ],
  [
    'hundred',
    'A hundred Authorization headers, the first one good',
    (token) => [
      authorization(`Bearer ${token}`),
      ...Array.from({ length: 99 }, () => authorization('Bearer x')),
    ],
  ],
];

function authorization(value: string): [string, string] {
  return ['Authorization', value];
}

const severalHeaders = several.map(([id, title, headers]): CorpusCase => ({
  id: `several-${id}`,
  title,
  rule: 'RFC 9110 §5.3, RFC 6750 §3.1',
  expected: unusableCredentials,
  reason: 'several_credentials',
  stricter: true,
  request: (forge) => ({ headers: headers(forge.accessToken()) }),
}));

const none: CorpusCase[] = [
  {
    id: 'credentials-none',
    title: 'There are no credentials',
    rule: 'RFC 6750 §3.1',
    expected: noCredentials,
    reason: 'no_token',
    request: () => ({ headers: [] }),
  },
  {
    id: 'credentials-empty',
    title: 'The Authorization header is empty',
    rule: 'RFC 6750 §3.1',
    expected: unusableCredentials,
    reason: 'no_token',
    request: () => ({ headers: [['Authorization', '']] }),
  },
  {
    id: 'credentials-head',
    title: 'HEAD without credentials',
    rule: 'RFC 9110 §9.3.2',
    expected: noCredentials,
    reason: 'no_token',
    request: () => ({ headers: [], method: 'HEAD' }),
  },
];

/** Bytes that no HTTP client would send. A server may refuse them before anybody asks for a token. */
const bytes: readonly [id: string, title: string, value: Value][] = [
  ['nul', 'A NUL after the token', (token) => `Bearer ${token}\0`],
  ['folded', 'The token on a folded line', (token) => `Bearer\r\n ${token}`],
  ['carriage-return', 'A carriage return after the token', (token) => `Bearer ${token}\rx`],
];

const onTheWire = bytes.map(([id, title, value]): CorpusCase => ({
  id: `wire-${id}`,
  title,
  rule: 'RFC 9110 §5.5, RFC 9112 §5.2',
  expected: [...unusableCredentials, { status: 400 }, closedConnection],
  stricter: true,
  request: (forge) => ({
    headers: [authorization(value(forge.accessToken()))],
    raw: true,
  }),
}));

export const credentials = [
  ...none,
  ...inAuthorization('no_token', otherSchemes),
  ...inAuthorization('malformed_credentials', malformed),
  ...severalHeaders,
  ...onTheWire,
];
