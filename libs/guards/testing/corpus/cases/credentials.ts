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

/** Schemes that a resource server for bearer tokens does not support. */
const otherSchemes: readonly Row[] = [
  ['basic', 'The header has Basic credentials', 'RFC 7617 §2', () => 'Basic YWxpY2U6c2VjcmV0'],
  ['basic-token', 'The token stands under the scheme Basic', SYNTAX, (token) => `Basic ${token}`],
  ['dpop', 'The token stands under the scheme DPoP', 'RFC 9449 §7.1', (token) => `DPoP ${token}`],
  ['jwt', 'The token stands under the scheme JWT', SYNTAX, (token) => `JWT ${token}`],
  ['no-scheme', 'The token has no scheme', SYNTAX, (token) => token],
  ['longer-scheme', 'The scheme begins with Bearer', SYNTAX, (token) => `BearerX ${token}`],
  ['colon', 'A colon follows the scheme', SYNTAX, (token) => `Bearer: ${token}`],
  ['tab', 'A tab follows the scheme', 'RFC 9110 §11.4', (token) => `Bearer\t${token}`],
];

const malformed: readonly Row[] = [
  ['scheme-alone', 'The scheme has no token', SYNTAX, () => 'Bearer'],
  ['two-words', 'A second word follows the token', SYNTAX, (token) => `Bearer ${token} x`],
  ['scheme-twice', 'The scheme is repeated', SYNTAX, (token) => `Bearer Bearer ${token}`],
  [
    'list',
    'The header has two tokens in a list',
    SYNTAX,
    (token) => `Bearer ${token}, Bearer ${token}`,
  ],
  ['comma', 'A comma follows the token', SYNTAX, (token) => `Bearer ${token},`],
  ['quotes', 'The token is in quotes', SYNTAX, (token) => `Bearer "${token}"`],
  ['parameter', 'The token is a parameter', SYNTAX, (token) => `Bearer token="${token}"`],
  [
    'percent',
    'The dots of the token are %2E',
    SYNTAX,
    (token) => `Bearer ${token.replaceAll('.', '%2E')}`,
  ],
  ['not-ascii', 'The token has a letter outside ASCII', SYNTAX, (token) => `Bearer ${token}\u00e9`],
  [
    'json',
    'The token is a JWS in JSON serialization',
    'RFC 7515 §7.2',
    (token) => `Bearer ${asJson(token)}`,
  ],
  ['undefined', 'The token is the text "undefined"', SYNTAX, () => 'Bearer undefined'],
];

/** For a resource server that supports proofs: this token has none. */
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
    'Two Authorization headers, the first one valid',
    (token) => [authorization(`Bearer ${token}`), authorization('Bearer x')],
  ],
  [
    'good-last',
    'Two Authorization headers, the last one valid',
    (token) => [authorization('Bearer x'), authorization(`Bearer ${token}`)],
  ],
  [
    'twice',
    'Two equal Authorization headers',
    (token) => [authorization(`Bearer ${token}`), authorization(`Bearer ${token}`)],
  ],
  [
    'basic-first',
    'Two Authorization headers, the first one Basic',
    (token) => [authorization('Basic YTpi'), authorization(`Bearer ${token}`)],
  ],
  [
    'hundred',
    'A hundred Authorization headers, the first one valid',
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
    title: 'The request has no credentials',
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
    title: 'A HEAD request has no credentials',
    rule: 'RFC 9110 §9.3.2',
    expected: noCredentials,
    reason: 'no_token',
    request: () => ({ headers: [], method: 'HEAD' }),
  },
];

/** Bytes that no HTTP client sends. A server may refuse them before it reads the token. */
const bytes: readonly [id: string, title: string, value: Value][] = [
  ['nul', 'A NUL follows the token', (token) => `Bearer ${token}\0`],
  ['folded', 'The token is on a folded line', (token) => `Bearer\r\n ${token}`],
  ['carriage-return', 'A carriage return follows the token', (token) => `Bearer ${token}\rx`],
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
