import { compactJws, encodePart, signature } from '../../signing-key.js';
import { invalidToken, malformedToken } from '../support/answer.js';
import { type TokenCase, tokenCases } from '../support/corpus-case.js';
import { type Forge, signedText, unchanged, withFirst } from '../support/forge.js';

type Edit = (json: string) => string;

/** Text with a valid signature that is not exactly one JSON object. */
const texts: readonly [id: string, title: string, header: Edit, payload: Edit][] = [
  ['header-text', 'The header is not JSON', () => 'x', unchanged],
  ['header-array', 'The header is an array', (json) => `[${json}]`, unchanged],
  ['header-null', 'The header is null', () => 'null', unchanged],
  ['header-trailing', 'Another object follows the header', (json) => `${json}{}`, unchanged],
  ['header-comment', 'The header has a comment', (json) => `/**/${json}`, unchanged],
  ['payload-text', 'The payload is not JSON', unchanged, () => 'x'],
  ['payload-null', 'The payload is null', unchanged, () => 'null'],
  ['payload-number', 'The payload is a number', unchanged, () => '1'],
  [
    'payload-string',
    'The payload is a JSON string that contains the claims',
    unchanged,
    (json) => JSON.stringify(json),
  ],
  ['payload-array', 'The payload is an array', unchanged, (json) => `[${json}]`],
  ['payload-trailing', 'A letter follows the payload', unchanged, (json) => `${json}x`],
  [
    'payload-comma',
    'The payload has a trailing comma',
    unchanged,
    (json) => json.replace('}', ',}'),
  ],
  [
    'payload-quotes',
    'The payload has single quotes',
    unchanged,
    (json) => json.replaceAll('"', "'"),
  ],
  ['payload-nan', 'exp is NaN', unchanged, (json) => json.replace(/"exp":\d+/, '"exp":NaN')],
];

const malformed: TokenCase[] = [
  ...texts.map(([id, title, header, payload]): TokenCase => ({
    id: `json-${id}`,
    title,
    rule: 'RFC 7519 §7.2',
    expected: malformedToken,
    reason: 'malformed_token',
    token: signedText(header, payload),
  })),
  {
    id: 'json-byte-order-mark',
    title: 'A byte order mark precedes the payload',
    rule: 'RFC 8259 §8.1',
    expected: malformedToken,
    reason: 'malformed_token',
    stricter: true,
    token: signedText(unchanged, (json) => `\uFEFF${json}`),
  },
  {
    id: 'json-invalid-utf-8',
    title: 'The payload is not UTF-8',
    rule: 'RFC 7519 §7.2',
    expected: malformedToken,
    reason: 'malformed_token',
    token: notUtf8,
  },
];

function notUtf8(forge: Forge): string {
  const { issuer } = forge;
  const json = Buffer.from(JSON.stringify({ ...forge.claims(), name: '#' }));
  json[json.lastIndexOf('#')] = 0xff;
  const input = `${encodePart(issuer.header())}.${json.toString('base64url')}`;
  return `${input}.${signature(input, issuer.signingKey)}`;
}

/** Two parsers may read two tokens. RFC 7519 §4 lets a reader refuse repeated names or use the last one. */
const repeated: TokenCase[] = [
  {
    id: 'twice-exp-past-last',
    title: 'exp is repeated, and the last one is in the past',
    rule: 'RFC 7519 §4',
    token: signedText(unchanged, (json) => json.replace(/\}$/, ',"exp":1}')),
  },
  {
    id: 'twice-aud-foreign-last',
    title: 'aud is repeated, and the last one is foreign',
    rule: 'RFC 7519 §4',
    token: signedText(unchanged, (json) => json.replace(/\}$/, ',"aud":"https://other.example"}')),
  },
  {
    id: 'twice-alg-none-last',
    title: 'alg is repeated, and the last one is none',
    rule: 'RFC 7515 §4',
    token: signedText((json) => json.replace(/\}$/, ',"alg":"none"}'), unchanged),
  },
  ...lenient(),
].map((row) => ({ ...row, reason: 'malformed_token' }));

function lenient(): TokenCase[] {
  const rows: readonly [id: string, title: string, header: Edit, payload: Edit][] = [
    ['alg', 'alg is repeated, and the last one is correct', withFirst('"alg":"none"'), unchanged],
    [
      'alg-escaped',
      'alg is repeated, and the first name has an escape sequence',
      withFirst('"\\u0061lg":"none"'),
      unchanged,
    ],
    ['exp', 'exp is repeated, and the last one is correct', unchanged, withFirst('"exp":1')],
    ['sub', 'sub is repeated', unchanged, withFirst('"sub":"mallory"')],
    ['inner', 'A name in a nested object is repeated', unchanged, withFirst('"act":{"a":1,"a":2}')],
  ];
  return rows.map(([id, title, header, payload]) => ({
    id: `twice-${id}`,
    title,
    rule: 'RFC 7519 §4: refuse, or take the last',
    stricter: true,
    token: signedText(header, payload),
  }));
}

const nesting = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

const deep: TokenCase[] = [
  {
    id: 'nesting-payload',
    title: 'Claims are nested 1,500 levels deep, and aud is missing',
    rule: 'RFC 8259 §9',
    reason: 'wrong_audience',
    token: (forge) =>
      forge.signedText(unchanged, () => `{"iss":"${forge.issuer.issuer}","a":${nesting(1500)}}`),
  },
  {
    id: 'nesting-header',
    title: 'The header is nested 1,500 levels deep, and alg is missing',
    rule: 'RFC 8259 §9',
    reason: 'refused_algorithm',
    token: (forge) => {
      const { signingKey } = forge.issuer;
      const header = `{"typ":"at+jwt","kid":"${signingKey.kid}","a":${nesting(1500)}}`;
      return compactJws(header, forge.claims(), signingKey);
    },
  },
  {
    id: 'prototype-audience',
    title: 'aud is missing, and a member __proto__ contains it',
    rule: 'RFC 9068 §4',
    reason: 'wrong_audience',
    token: signedText(unchanged, (json) =>
      json.replace(/"aud":("[^"]*")/, '"__proto__":{"aud":$1}'),
    ),
  },
  {
    id: 'prototype-expiry',
    title: 'exp is missing, and a member __proto__ contains it',
    rule: 'RFC 9068 §2.2',
    reason: 'malformed_claims',
    token: signedText(unchanged, (json) => json.replace(/"exp":(\d+)/, '"__proto__":{"exp":$1}')),
  },
];

export const json = tokenCases(invalidToken, [...malformed, ...repeated, ...deep]);
