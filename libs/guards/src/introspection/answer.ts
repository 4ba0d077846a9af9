import type { AccessToken } from '../core/access-token.js';
import { readAccessToken } from '../core/read-access-token.js';
import {
  checkExpiry,
  checkIssuedAt,
  checkNotBefore,
  getClaim,
  type ClaimPath,
} from '../core/claims.js';
import type { ResolvedIssuer } from '../core/verifier.options.js';
import type { JsonObject } from '../core/strict-json.js';
import { quoteValue, TokenError } from '../core/token-error.js';

/** How an answer of the endpoint becomes an access token. */
export interface AnswerRules {
  readonly issuer: ResolvedIssuer;
  readonly subject: readonly ClaimPath[];
  readonly acceptsMissing: readonly ('aud' | 'exp')[];
  readonly toleranceMs: number;
  /** The lifetime of a token without `exp`, if that is accepted. */
  readonly cacheMs: number;
}

/** A refresh token or an ID token can be active as well. Servers name the kind of a token in one of these members. */
const KIND_MEMBERS = ['token_type', 'token_use', 'typ'];
const ACCESS_TOKEN_KINDS = ['bearer', 'dpop', 'access_token', 'access', 'at+jwt', 'jwt'];

/**
 * Reads an answer of RFC 7662 §2.2.
 *
 * @param now in epoch milliseconds
 * @throws TokenError when the token is not active, or not an access token for this resource server
 * @throws Error when the answer decides nothing about the token
 */
export function readAnswer(answer: JsonObject, rules: AnswerRules, now: number): AccessToken {
  const { active } = answer;
  if (active === false) throw new TokenError('inactive');
  if (active !== true) throw new TypeError('`active` of the answer is not true or false');
  // Some servers send null for a member that they could leave out.
  const claims = Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== null));
  checkIssuer(claims, rules.issuer);
  checkKind(claims);
  const token = readAccessToken(addMissing(claims, rules, now), rules.issuer);
  const limits = { now, tolerance: rules.toleranceMs, maxAge: Infinity };
  checkExpiry(token.expiresAt, limits);
  if (token.notBefore) checkNotBefore(token.notBefore, limits);
  checkIssuedAt(token.issuedAt, limits);
  // The members of the answer are frozen, and this object is new.
  return Object.freeze({ ...token, claims: Object.freeze(claims) });
}

/** The endpoint serves one issuer, so a missing `iss` is that issuer. */
function checkIssuer({ iss }: JsonObject, { issuer }: ResolvedIssuer): void {
  if (iss === undefined || iss === issuer) return;
  const reason = `iss is ${quoteValue(iss)}, and the issuer is ${quoteValue(issuer)}`;
  throw TokenError.because('wrong_issuer', reason);
}

function checkKind(claims: JsonObject): void {
  for (const name of KIND_MEMBERS) {
    const kind = getClaim(claims, name);
    if (kind === undefined || isAccessTokenKind(kind)) continue;
    throw TokenError.because('wrong_type', `${name} is ${quoteValue(kind)}, not an access token`);
  }
}

function isAccessTokenKind(kind: unknown): boolean {
  return typeof kind === 'string' && ACCESS_TOKEN_KINDS.includes(kind.toLowerCase());
}

/** A token without `iat` counts as issued at the latest possible instant. */
function addMissing(claims: JsonObject, rules: AnswerRules, now: number): JsonObject {
  const { acceptsMissing: accepted, subject, issuer, cacheMs } = rules;
  const hasAudience = [claims['aud'] ?? []].flat().length > 0;
  return {
    iat: Math.floor(now / 1000),
    ...(accepted.includes('exp') && { exp: (now + cacheMs) / 1000 }),
    ...claims,
    ...(!hasAudience && accepted.includes('aud') && { aud: issuer.audiences[0] }),
    sub: subject.map((path) => getClaim(claims, path)).find((value) => value !== undefined),
  };
}
