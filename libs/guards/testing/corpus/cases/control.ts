import { accepted } from '../support/answer.js';
import { type CorpusCase, type TokenCase, tokenCases } from '../support/corpus-case.js';
import { now, unchanged, signedText, withClaims, withFirst, withHeader } from '../support/forge.js';

/** Valid tokens. A service that refuses one of these is broken, not strict. */
const tokens: TokenCase[] = [
  {
    id: 'good',
    title: 'A token in the form of RFC 9068',
    rule: 'RFC 9068 §2',
    token: (forge) => forge.accessToken(),
  },
  {
    id: 'good-type-prefix',
    title: 'typ has the prefix application/',
    rule: 'RFC 9068 §4',
    token: withHeader({ typ: 'application/at+jwt' }),
  },
  {
    id: 'good-type-capitals',
    title: 'typ is in capitals, because media types are case-insensitive',
    rule: 'RFC 7515 §4.1.9, RFC 2045 §5.1',
    token: withHeader({ typ: 'AT+JWT' }),
  },
  {
    id: 'good-unknown-header',
    title: 'The header has an unknown member that is not critical',
    rule: 'RFC 7515 §4',
    token: withHeader({ 'x-y': { z: [1] } }),
  },
  {
    id: 'good-unknown-claims',
    title: 'The payload has unknown claims',
    rule: 'RFC 7519 §4',
    token: withClaims({ 'https://example.com/x': { y: [null, 1.5, ''] } }),
  },
  {
    id: 'good-names-that-look-repeated',
    title: 'Strings contain text that looks like repeated names',
    rule: 'RFC 7519 §4',
    token: withClaims({ act: { sub: 'a"sub":', x: ['sub', ':'] }, '{"a":1': ':' }),
  },
  {
    id: 'good-blanks',
    title: 'The JSON has spaces and line breaks',
    rule: 'RFC 7515 §5.1',
    token: signedText(
      (json) => ` ${json}\n`,
      (json) => json.replaceAll(',"', ',\r\n  "'),
    ),
  },
  {
    id: 'good-escapes',
    title: 'A name in the JSON has an escape sequence',
    rule: 'RFC 8259 §7',
    token: signedText(unchanged, (json) => json.replace('"sub"', '"\\u0073ub"')),
  },
  {
    id: 'good-not-ascii',
    title: 'A claim has characters outside ASCII',
    rule: 'RFC 7519 §7.1',
    token: signedText(unchanged, withFirst('"name":"Zo\u00eb \u{1f511}"')),
  },
  {
    id: 'good-audience-list',
    title: 'aud is a list with another audience',
    rule: 'RFC 7519 §4.1.3',
    token: (forge) => forge.accessToken({ aud: ['https://other.example', forge.issuer.audience] }),
  },
  {
    id: 'good-fraction',
    title: 'exp has a fraction',
    rule: 'RFC 7519 §2',
    token: (forge) => forge.accessToken({ exp: now() + 300.5 }),
  },
  {
    id: 'good-not-before-past',
    title: 'nbf is in the past',
    rule: 'RFC 7519 §4.1.5',
    token: (forge) => forge.accessToken({ nbf: now() - 60 }),
  },
  {
    id: 'good-scope-among-others',
    title: 'The scope is the last of several',
    rule: 'RFC 6749 §3.3',
    appliesTo: ({ scope }) => scope !== undefined,
    token: (forge) => forge.accessToken({ scope: `openid a:b ${forge.target.scope}` }),
  },
  {
    id: 'good-second-key',
    title: 'The second valid key of the set signed the token',
    rule: 'RFC 7517 §4.5',
    token: (forge) => {
      const { spare, kids } = forge.issuer.keys;
      return forge.accessToken({}, { header: { kid: kids.second }, signedBy: spare });
    },
  },
  {
    id: 'good-key-without-alg',
    title: 'The published key has neither alg nor use',
    rule: 'RFC 7517 §4.2, §4.4',
    token: (forge) => {
      const { spare, kids } = forge.issuer.keys;
      return forge.accessToken({}, { header: { kid: kids['without-alg'] }, signedBy: spare });
    },
  },
];

const schemes: readonly [id: string, title: string, scheme: string][] = [
  ['lower-case', 'The scheme is in lower case', 'bearer '],
  ['upper-case', 'The scheme is in upper case', 'BEARER '],
  ['blanks', 'Several spaces follow the scheme', 'Bearer   '],
];

const requests = schemes.map(([id, title, scheme]): CorpusCase => ({
  id: `good-scheme-${id}`,
  title,
  rule: 'RFC 9110 §11.1, §11.4',
  expected: accepted,
  request: (forge) => ({ headers: [['authorization', `${scheme}${forge.accessToken()}`]] }),
}));

export const control = [...tokenCases(accepted, tokens), ...requests];

/** Sent last, because no earlier request may make the service refuse valid tokens. */
export const afterAll = tokenCases(accepted, [
  {
    id: 'good-after-all',
    title: 'A valid token after all other cases',
    rule: 'RFC 6750 §2.1',
    token: (forge) => forge.accessToken(),
  },
]);
