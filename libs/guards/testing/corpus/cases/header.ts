import { encodePart, signature } from '../../signing-key.js';
import { invalidToken } from '../support/answer.js';
import { type TokenCase, tokenCases } from '../support/corpus-case.js';
import { type Forge, now, withHeader } from '../support/forge.js';

const types = [
  ['type-jwt', 'typ is JWT, as in an ID token', 'JWT'],
  ['type-missing', 'typ is missing', undefined],
  ['type-empty', 'typ is empty', ''],
  ['type-logout', 'typ is the type of a logout token', 'logout+jwt'],
  ['type-dpop', 'typ is the type of a proof of possession', 'dpop+jwt'],
  ['type-introspection', 'typ is the type of an introspection response', 'token-introspection+jwt'],
  ['type-client-assertion', 'typ is the type of a client assertion', 'client-authentication+jwt'],
  ['type-security-event', 'typ is the type of a security event token', 'secevent+jwt'],
  ['type-suffix', 'typ is the correct type with a suffix', 'at+jwt2'],
  ['type-double-prefix', 'typ has the prefix twice', 'application/application/at+jwt'],
  ['type-array', 'typ is an array that contains the correct type', ['at+jwt']],
] as const;

/** A verifier must not accept one kind of JWT as another (RFC 8725 §3.11, §3.12). */
const typeCases: TokenCase[] = [
  ...types.map(([id, title, typ]): TokenCase => ({
    id,
    title,
    rule: 'RFC 9068 §4, RFC 8725 §3.11',
    reason: 'wrong_type',
    token: withHeader({ typ }),
  })),
  {
    id: 'type-id-token',
    title: 'An ID token whose audience is this resource',
    rule: 'RFC 9068 §4, RFC 8725 §3.12',
    reason: 'wrong_type',
    token: (forge) => {
      const claims = { nonce: 'n-0S6', auth_time: now(), azp: 'corpus-client', at_hash: 'x' };
      const absent = { client_id: undefined, jti: undefined };
      return forge.accessToken({ ...claims, ...absent }, { header: { typ: 'JWT' } });
    },
  },
];

type Critical = readonly [id: string, title: string, header: Readonly<Record<string, unknown>>];

const notUnderstood: readonly Critical[] = [
  ['unknown', 'crit names an unknown extension', { crit: ['x-y'], 'x-y': 1 }],
  ['absent-member', 'crit names a member that the header lacks', { crit: ['x-y'] }],
  ['repeated', 'crit names an extension twice', { crit: ['x-y', 'x-y'], 'x-y': 1 }],
];

/** An issuer must not write these headers. A reader may refuse them. */
const malformed: readonly Critical[] = [
  ['empty', 'crit is an empty list', { crit: [] }],
  ['null', 'crit is null', { crit: null }],
  ['string', 'crit is a string', { crit: 'x-y', 'x-y': 1 }],
  ['registered', 'crit names a registered member', { crit: ['alg'] }],
];

const createCases = (list: readonly Critical[]): TokenCase[] =>
  list.map(([id, title, header]) => ({
    id: `crit-${id}`,
    title,
    rule: 'RFC 7515 §4.1.11, CVE-2025-59420',
    reason: 'critical_header',
    token: withHeader(header),
  }));

const criticalCases: TokenCase[] = [
  ...createCases(notUnderstood),
  ...createCases(malformed).map((row): TokenCase => ({ ...row, stricter: true })),
  {
    id: 'b64-false-critical',
    title: 'b64 is false and critical, and the payload is signed without encoding',
    rule: 'RFC 7797 §6, §7',
    reason: 'critical_header',
    token: unencoded,
  },
  {
    id: 'b64-false',
    title: 'b64 is false and not critical',
    rule: 'RFC 7797 §6',
    reason: 'critical_header',
    stricter: true,
    token: withHeader({ b64: false }),
  },
];

/** Signs the payload without encoding. A verifier that ignores b64 finds a bad signature; one that supports b64 does not. */
function unencoded(forge: Forge): string {
  const { issuer } = forge;
  const header = encodePart({ ...issuer.header(), b64: false, crit: ['b64'] });
  const claims = JSON.stringify(forge.claims());
  return `${header}.${encodePart(claims)}.${signature(`${header}.${claims}`, issuer.signingKey)}`;
}

export const header = tokenCases(invalidToken, [...typeCases, ...criticalCases]);
