import { describeWrongIssuer } from '../core/access-token-verifier.js';
import type { ResolvedIssuer } from '../core/verifier.options.js';
import {
  checkLength,
  checkNoExtension,
  checkTokenSyntax,
  checkTokenType,
  type CompactJws,
  decodeHeader,
  type JoseHeader,
  parseCompactJws,
  readAlgorithm,
  readKeyId,
} from '../core/jws.js';
import type { JsonObject } from '../core/strict-json.js';
import { TokenError } from '../core/token-error.js';
import type { IssuerRegistry, TrustedIssuer } from '../core/trusted-issuer.js';
import { checkSignature, type VerificationKey } from '../core/verification-key.js';
import type { ResolvedVerifierOptions } from '../core/verifier.options.js';
import type { Rule } from './rule.js';

export const TEXT_RULES: readonly Rule<{ token: string; options: ResolvedVerifierOptions }>[] = [
  {
    says: 'It is not too long',
    source: 'option `maxTokenBytes`',
    seen: ({ token }) => token.length,
    wanted: ({ options }) => options.maxTokenBytes,
    test: ({ token, options }) => checkLength(token, options),
  },
  {
    says: 'It is exactly one token',
    source: 'RFC 6750 §2.1',
    test: ({ token }) => checkTokenSyntax(token),
  },
  {
    says: 'It has three parts, and its claims are unambiguous JSON',
    source: 'RFC 7515 §7.1, RFC 7519 §4',
    test: ({ token }) => parseCompactJws(token),
  },
];

export const ISSUER_RULES: readonly Rule<{ claims: JsonObject; issuers: IssuerRegistry }>[] = [
  {
    says: 'Its issuer is trusted here',
    source: 'RFC 9068 §4, RFC 8725 §3.8',
    seen: ({ claims }) => claims['iss'],
    wanted: ({ issuers }) => issuers.names,
    test({ claims, issuers }) {
      if (!issuers.named(claims['iss'])) throw describeWrongIssuer(claims, issuers);
    },
  },
];

export const HEADER_FORM_RULES: readonly Rule<CompactJws>[] = [
  {
    says: 'Its header is unambiguous JSON',
    source: 'RFC 7515 §4, §7.1',
    test: ({ header }) => decodeHeader(header),
  },
];

export const HEADER_RULES: readonly Rule<{ header: JsonObject; rules: ResolvedIssuer }>[] = [
  {
    says: 'Its header has no critical extension',
    source: 'RFC 7515 §4.1.11, RFC 7797 §6',
    seen: ({ header: { crit, b64 } }) => crit ?? b64,
    test: ({ header }) => checkNoExtension(header),
  },
  {
    says: '`typ` is a type of access tokens',
    source: 'RFC 9068 §4, RFC 8725 §3.11',
    seen: ({ header }) => header['typ'],
    wanted: ({ rules }) => rules.tokenTypes,
    test: ({ header, rules }) => checkTokenType(header, rules),
  },
  {
    says: '`alg` is allowed for this issuer',
    source: 'RFC 8725 §3.1',
    seen: ({ header }) => header['alg'],
    wanted: ({ rules }) => rules.algorithms,
    test: ({ header, rules }) => readAlgorithm(header, rules),
  },
  {
    says: '`kid` is a key identifier',
    source: 'RFC 7515 §4.1.4',
    seen: ({ header }) => header['kid'],
    test: ({ header }) => readKeyId(header),
  },
];

/** A token with a readable issuer and header, so that its key can be fetched. */
export interface SignedParts {
  readonly issuer: TrustedIssuer;
  readonly jose: JoseHeader;
  readonly jws: CompactJws;
}

export const KEY_RULES: readonly Rule<SignedParts>[] = [
  {
    says: 'The issuer publishes that key',
    source: 'RFC 7517 §4.5, RFC 9068 §4',
    seen: ({ jose }) => jose.kid,
    test: findPublishedKey,
  },
];

export const SIGNATURE_RULES: readonly Rule<SignedParts & { readonly key: VerificationKey }>[] = [
  {
    says: 'The key signed it, with the algorithm of the key',
    source: 'RFC 7515 §5.2, RFC 8725 §3.1',
    seen: ({ jose }) => jose.alg,
    wanted: ({ key }) => key.algorithm,
    test: ({ key, ...signed }) => checkSignature(signed, key, signed.issuer.keySet),
  },
];

export async function findPublishedKey({ issuer, jose }: SignedParts): Promise<VerificationKey> {
  const key = await issuer.keySet.find(jose.kid);
  if (!key) throw TokenError.because('unknown_key', issuer.keySet.describeMissingKey(jose.kid));
  return key;
}

/** A token of a known issuer, and the time of the check in monotonic milliseconds. */
export interface StatusSubject {
  readonly claims: JsonObject;
  readonly issuedAt: Date;
  readonly issuer: TrustedIssuer;
  readonly at: number;
}

export const REFERENCE_RULES: readonly Rule<StatusSubject>[] = [
  {
    says: 'Its status can be looked up',
    source: 'Token Status List §6.2, option `ignoresTokenStatus`',
    seen: ({ claims }) => claims['status'],
    applies: isStatusChecked,
    test: ({ issuer, ...token }) => issuer.findStatus(token),
  },
];

/** Unlike a request, this waits for the list. */
export const STATUS_RULES: readonly Rule<StatusSubject>[] = [
  {
    says: 'Its session has not ended',
    source: 'Token Status List §8.3',
    applies: isStatusChecked,
    async test({ issuer, at, ...token }) {
      const status = issuer.findStatus(token);
      status?.checkValid(at);
      await issuer.statusLists?.settled();
      status?.checkValid(at);
    },
  },
];

function isStatusChecked({ claims, issuer }: StatusSubject): boolean {
  return claims['status'] !== undefined && !issuer.rules.ignoresTokenStatus;
}
