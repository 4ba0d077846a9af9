import { encodePart } from '../../signing-key.js';
import { invalidToken, malformedToken } from '../support/answer.js';
import { forEdwards, forRs256, type TokenCase, tokenCases } from '../support/corpus-case.js';
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
    title: `alg is "${alg}" and the signature is one byte`,
    rule: 'RFC 8725 §3.2, CVE-2015-9235',
    reason: 'refused_algorithm',
    token: unsigned(alg),
  })),
  {
    id: 'alg-none-signature-kept',
    title: 'alg is "none" and the signature comes from a valid token',
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
    title: 'alg is "none" and the signature is empty, as in RFC 7519 §6',
    rule: 'RFC 8725 §3.2',
    expected: malformedToken,
    reason: 'malformed_token',
    token: unsigned('none', ''),
  },
];

const wrong = [
  ['alg-missing', 'alg is missing', undefined],
  ['alg-null', 'alg is null', null],
  ['alg-number', 'alg is a number', 256],
  ['alg-array', 'alg is an array that contains the correct name', ['ES256', 'RS256']],
  ['alg-object', 'alg is an object', { toString: 'ES256' }],
  ['alg-empty', 'alg is an empty string', ''],
  ['alg-prototype-member', 'alg is the name of a member of Object.prototype', 'constructor'],
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
    id: 'alg-eddsa',
    title: 'alg is an algorithm for which the issuer has no key',
    rule: 'RFC 7515 §4.1.1',
    reason: 'refused_algorithm',
    appliesTo: (resource) => !forEdwards(resource),
    token: withHeader({ alg: 'EdDSA' }),
  },
  {
    id: 'alg-lower-case',
    title: 'alg is the correct name in lower case',
    rule: 'RFC 7515 §4.1.1: case-sensitive',
    reason: 'refused_algorithm',
    token: (forge) =>
      forge.accessToken({}, { header: { alg: forge.issuer.algorithm.toLowerCase() } }),
  },
  {
    id: 'alg-in-prototype',
    title: 'alg is missing, and a member __proto__ contains one',
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
    title: 'alg is another asymmetric algorithm than the one of the signature',
    rule: 'RFC 8725 §3.1',
    reason: 'refused_algorithm',
    token: (forge) =>
      forge.accessToken({}, { header: { alg: forge.issuer.keys.otherFamily.algorithm } }),
  },
  {
    id: 'alg-not-allowed',
    title: 'A published key of an algorithm that is not allowed signed the token',
    rule: 'RFC 8725 §3.1',
    reason: 'refused_algorithm',
    token: (forge) => {
      const { otherFamily } = forge.issuer.keys;
      return forge.signedWith(otherFamily, { alg: otherFamily.algorithm, kid: otherFamily.kid });
    },
  },
  {
    id: 'alg-rs512-by-the-same-key',
    title: 'The correct RSA key signed with RS512',
    rule: 'RFC 8725 §3.1, RFC 7517 §4.4',
    reason: 'refused_algorithm',
    appliesTo: forRs256,
    token: (forge) => forge.signedWith(forge.issuer.signingKey, { alg: 'RS512' }, 'RS512'),
  },
  {
    id: 'alg-ps256-by-the-same-key',
    title: 'The correct RSA key signed with PS256',
    rule: 'RFC 8725 §3.1, RFC 7517 §4.4',
    reason: 'refused_algorithm',
    appliesTo: forRs256,
    token: (forge) => forge.signedWith(forge.issuer.signingKey, { alg: 'PS256' }, 'PS256'),
  },
];

export const algorithm = tokenCases(invalidToken, [...unsecured, ...malformed, ...confused]);
