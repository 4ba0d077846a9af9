import { randomBytes } from 'node:crypto';
import { encodePart, signature as sign } from '../../signing-key.js';
import { invalidToken, malformedToken } from '../support/answer.js';
import { type TokenCase, tokenCases } from '../support/corpus-case.js';
import { decodeSegment, withEditedSegments } from '../support/forge.js';

const RULE = 'RFC 7515 §5.2';

/** Changes the bytes of the signature of a valid token. */
const signatureBytes = (edit: (bytes: Buffer) => Buffer) =>
  withEditedSegments(([header, payload, signature]) => {
    const bytes = edit(Buffer.from(signature, 'base64url'));
    return [header, payload, bytes.toString('base64url')];
  });

const edits: readonly [id: string, title: string, edit: (bytes: Buffer) => Buffer][] = [
  [
    'truncated',
    'The signature lacks its second half',
    (bytes) => bytes.subarray(0, bytes.length / 2),
  ],
  ['shorter', 'The signature lacks its last byte', (bytes) => bytes.subarray(0, -1)],
  [
    'extended',
    'The signature has an additional byte',
    (bytes) => Buffer.concat([bytes, Buffer.of(0)]),
  ],
  ['doubled', 'The signature is repeated', (bytes) => Buffer.concat([bytes, bytes])],
  ['bit', 'One bit of the signature differs', (bytes) => withBit(bytes)],
  ['random', 'The signature is random', (bytes) => randomBytes(bytes.length)],
  [
    'zeros',
    'Every byte of the signature is zero (CVE-2022-21449)',
    (bytes) => Buffer.alloc(bytes.length),
  ],
  ['ones', 'Every bit of the signature is one', (bytes) => Buffer.alloc(bytes.length, 0xff)],
];

function withBit(signature: Buffer): Buffer {
  const changed = Buffer.from(signature);
  changed[10] = (changed[10] ?? 0) ^ 1;
  return changed;
}

const changed: TokenCase[] = edits.map(([id, title, edit]) => ({
  id: `signature-${id}`,
  title,
  rule: RULE,
  reason: 'bad_signature',
  token: signatureBytes(edit),
}));

/** The order n of P-256 (FIPS 186-5). */
const ORDER = Buffer.from(
  'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  'hex',
);
const ONE = Buffer.concat([Buffer.alloc(31), Buffer.of(1)]);
const ZERO = Buffer.alloc(32);

const ecdsa: readonly [id: string, title: string, edit: (bytes: Buffer) => Buffer][] = [
  ['r-zero', 'r is 0', (bytes) => Buffer.concat([ZERO, bytes.subarray(32)])],
  ['s-zero', 's is 0', (bytes) => Buffer.concat([bytes.subarray(0, 32), ZERO])],
  ['one', 'r and s are 1', () => Buffer.concat([ONE, ONE])],
  ['order', 'r and s are the order of the curve', () => Buffer.concat([ORDER, ORDER])],
  [
    'order-s',
    's is the order of the curve',
    (bytes) => Buffer.concat([bytes.subarray(0, 32), ORDER]),
  ],
  ['der', 'The signature is DER, as OpenSSL writes it (RFC 7518 §3.4)', der],
];

/** SEQUENCE of two INTEGERs (RFC 3279 §2.2.3). */
function der(signature: Buffer): Buffer {
  const integers = [signature.subarray(0, 32), signature.subarray(32)].map((number) => {
    const positive = (number[0] ?? 0) < 0x80 ? number : Buffer.concat([Buffer.of(0), number]);
    return Buffer.concat([Buffer.of(2, positive.length), positive]);
  });
  const content = Buffer.concat(integers);
  return Buffer.concat([Buffer.of(0x30, content.length), content]);
}

const onP256: TokenCase[] = ecdsa.map(([id, title, edit]) => ({
  id: `ecdsa-${id}`,
  title,
  rule: `${RULE}, CVE-2022-21449`,
  reason: 'bad_signature',
  appliesTo: ({ algorithm }) => algorithm === 'ES256',
  token: signatureBytes(edit),
}));

const moved: TokenCase[] = [
  {
    id: 'signature-empty',
    title: 'The signature is empty',
    rule: RULE,
    expected: malformedToken,
    reason: 'malformed_token',
    token: withEditedSegments(([header, payload]) => [header, payload, '']),
  },
  {
    id: 'signature-of-another-token',
    title: 'The signature belongs to another valid token',
    rule: RULE,
    reason: 'bad_signature',
    token: (forge) => {
      const [, , other] = forge.segments();
      return `${forge.signingInput()}.${other}`;
    },
  },
  {
    id: 'signature-over-other-claims',
    title: 'The claims were changed after signing',
    rule: RULE,
    reason: 'bad_signature',
    token: withEditedSegments(([header, payload, signature]) => [
      header,
      encodePart({ ...decodeSegment(payload), sub: 'mallory' }),
      signature,
    ]),
  },
  {
    id: 'signature-over-another-header',
    title: 'The header was changed after signing',
    rule: RULE,
    reason: 'bad_signature',
    token: withEditedSegments(([header, payload, signature]) => [
      encodePart({ ...decodeSegment(header), x: 1 }),
      payload,
      signature,
    ]),
  },
  {
    id: 'signature-over-header-written-otherwise',
    title: 'The header was written with other spaces after signing',
    rule: RULE,
    reason: 'bad_signature',
    token: withEditedSegments(([header, payload, signature]) => [
      encodePart(JSON.stringify(decodeSegment(header), undefined, 1)),
      payload,
      signature,
    ]),
  },
  {
    id: 'signature-over-json',
    title: 'The signature covers the JSON instead of its encoding',
    rule: 'RFC 7515 §5.1',
    reason: 'bad_signature',
    token: (forge) => {
      const { issuer } = forge;
      const [header, claims] = [issuer.header(), forge.claims()];
      const text = `${JSON.stringify(header)}.${JSON.stringify(claims)}`;
      const mac = sign(text, issuer.signingKey);
      return `${encodePart(header)}.${encodePart(claims)}.${mac}`;
    },
  },
  {
    id: 'signature-segments-swapped',
    title: 'Header and payload are swapped',
    rule: RULE,
    reason: 'wrong_issuer',
    token: withEditedSegments(([header, payload, signature]) => [payload, header, signature]),
  },
];

export const signature = tokenCases(invalidToken, [...changed, ...onP256, ...moved]);
