import { encodePart } from '../../signing-key.js';
import { invalidToken, malformedToken } from '../support/answer.js';
import { forRs256, type TokenCase, tokenCases } from '../support/corpus-case.js';
import {
  decodeSegment,
  withEditedSegments,
  type Forge,
  unchanged,
  withHeader,
} from '../support/forge.js';

const unsigned =
  (alg: string, signature = 'AA') =>
  (forge: Forge) =>
    `${forge.signingInput({ alg })}.${signature}`;

const none = [
  ['alg-none', 'none'],
  ['alg-none-capitalised', 'None'],
  ['alg-none-upper-case', 'NONE'],
  ['alg-none-mixed-case', 'nOnE'],
  ['alg-none-with-a-space', 'none '],
  ['alg-none-homoglyph', 'n\u03bfne'],
] as const;

const unsecured: TokenCase[] = [
  ...none.map(([id, alg]): TokenCase => ({
    id,
    title: `alg is "${alg}" and the signature one byte`,
    rule: 'RFC 8725 §3.2, CVE-2015-9235',
    reason: 'refused_algorithm',
    token: unsigned(alg),
  })),
  {
    id: 'alg-none-signature-kept',
    title: 'alg is "none" and the signature that of a good token',
    rule: 'RFC 8725 §3.2',
    reason: 'refused_algorithm',
    token: withEditedSegments(([header, payload, signature]) => [
      encodePart({ ...decodeSegment(header), alg: 'none' }),
      payload,
      signature,
    ]),
  },
  {
    id: 'alg-none-signature-empty',
    title: 'alg is "none" and the signature empty, as RFC 7519 §6 has it',
    rule: 'RFC 8725 §3.2',
    expected: malformedToken,
    reason: 'malformed_token',
    token: unsigned('none', ''),
  },
];

const wrong = [
  ['alg-missing', 'There is no alg', undefined],
  ['alg-null', 'alg is null', null],
  ['alg-number', 'alg is a number', 256],
  ['alg-array', 'alg is an array with the right name', ['ES256', 'RS256']],
  ['alg-object', 'alg is an object', { toString: 'ES256' }],
  ['alg-empty', 'alg is empty', ''],
  ['alg-prototype-member', 'alg is the name of a member of Object.prototype', 'constructor'],
  ['alg-eddsa', 'alg is one that the issuer has no key for', 'EdDSA'],
] as const;

const malformed: TokenCase[] = [
  ...wrong.map(([id, title, alg]): TokenCase => ({
    id,
    title,
    rule: 'RFC 7515 §4.1.1',
    reason: 'refused_algorithm',
    token: withHeader({ alg }),
  })),
  {
    id: 'alg-lower-case',
    title: 'alg is right but for its case',
    rule: 'RFC 7515 §4.1.1: case-sensitive',
    reason: 'refused_algorithm',
    token: (forge) =>
      forge.accessToken({}, { header: { alg: forge.issuer.algorithm.toLowerCase() } }),
  },
  {
    id: 'alg-in-prototype',
    title: 'alg is missing, and a member __proto__ has one',
    rule: 'RFC 7515 §4.1.1',
    reason: 'refused_algorithm',
    token: (forge) => {
      const proto = `"__proto__":{"alg":"${forge.issuer.algorithm}"},"x":`;
      return forge.signedText((json) => json.replace('"alg":', proto), unchanged);
    },
  },
];

const confused: TokenCase[] = [
  {
    id: 'alg-label-of-another',
    title: 'The header names another asymmetric algorithm than the one that signed',
    rule: 'RFC 8725 §3.1',
    reason: 'refused_algorithm',
    token: (forge) =>
      forge.accessToken({}, { header: { alg: forge.issuer.keys.otherFamily.algorithm } }),
  },
  {
    id: 'alg-not-allowed',
    title: 'Soundly signed by a published key of an algorithm that is not allowed',
    rule: 'RFC 8725 §3.1',
    reason: 'refused_algorithm',
    token: (forge) => {
      const { otherFamily } = forge.issuer.keys;
      return forge.signedWith(otherFamily, { alg: otherFamily.algorithm, kid: otherFamily.kid });
    },
  },
  {
    id: 'alg-rs512-by-the-same-key',
    title: 'The right RSA key with a longer hash',
    rule: 'RFC 8725 §3.1, RFC 7517 §4.4',
    reason: 'refused_algorithm',
    appliesTo: forRs256,
    token: (forge) => forge.signedWith(forge.issuer.signingKey, { alg: 'RS512' }, 'RS512'),
  },
  {
    id: 'alg-ps256-by-the-same-key',
    title: 'The right RSA key with another padding',
    rule: 'RFC 8725 §3.1, RFC 7517 §4.4',
    reason: 'refused_algorithm',
    appliesTo: forRs256,
    token: (forge) => forge.signedWith(forge.issuer.signingKey, { alg: 'PS256' }, 'PS256'),
  },
];

export const algorithm = tokenCases(invalidToken, [...unsecured, ...malformed, ...confused]);
