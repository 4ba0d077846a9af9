import {
  checkRequiredClaims,
  checkUnbound,
  readAudience,
  readBinding,
  readClientId,
  readOptionalClaims,
  readScopes,
  readTokenId,
} from '../core/read-access-token.js';
import {
  checkExpiry,
  checkIssuedAt,
  checkMaxAge,
  checkNotBefore,
  type ClaimPath,
  getClaim,
  type LifetimeLimits,
  readInstant,
  readString,
} from '../core/claims.js';
import type { ResolvedIssuer } from '../core/verifier.options.js';
import type { JsonObject } from '../core/strict-json.js';
import type { Rule } from './rule.js';

interface ClaimSubject {
  readonly claims: JsonObject;
  readonly rules: ResolvedIssuer;
}

/** In the order of the library's checks. */
export const CLAIM_RULES: readonly Rule<ClaimSubject>[] = [
  {
    says: 'It is for this resource server',
    source: 'RFC 9068 §4',
    seen: ({ claims, rules }) => getClaim(claims, rules.claims.audience),
    wanted: ({ rules }) => rules.audiences,
    test: ({ claims, rules }) => readAudience(claims, rules),
  },
  {
    says: 'Its claims say that it is an access token of this issuer',
    source: 'RFC 8725 §3.12',
    seen: ({ claims, rules }) => pickClaims(claims, listClaimNames(rules.requiredClaims)),
    wanted: ({ rules }) => Object.fromEntries(rules.requiredClaims),
    applies: ({ rules }) => rules.requiredClaims.length > 0,
    test: ({ claims, rules }) => checkRequiredClaims(claims, rules),
  },
  {
    says: 'It is not bound to a key, or it is bound by `cnf.jkt`',
    source: 'RFC 9449 §6.1, RFC 7800 §3.1, options `ignoresTokenBinding`, `requiresDpop`',
    seen: ({ claims }) => claims['cnf'],
    test: ({ claims, rules }) => readBinding(claims, rules),
  },
  {
    says: 'It has an identifier, if the issuer requires one',
    source: 'RFC 9068 §2.2',
    seen: ({ claims, rules }) => pickClaims(claims, ['jti', ...rules.claims.tokenId]),
    test: ({ claims, rules }) => readTokenId(claims, rules),
  },
  {
    says: '`sub` is a subject',
    source: 'RFC 9068 §2.2',
    seen: ({ claims }) => claims['sub'],
    test: ({ claims }) => readString(claims['sub'], 'sub'),
  },
  {
    says: 'It has a client',
    source: 'RFC 9068 §2.2',
    seen: ({ claims, rules }) => pickClaims(claims, rules.claims.clientId),
    test: ({ claims, rules }) => readClientId(claims, rules),
  },
  {
    says: 'Its scopes are well-formed',
    source: 'RFC 8693 §4.2, RFC 9068 §2.2.3',
    seen: ({ claims, rules }) => pickClaims(claims, rules.claims.scopes),
    test: ({ claims, rules }) => readScopes(claims, rules),
  },
  createTimestampRule('iat'),
  createTimestampRule('exp'),
  {
    says: '`nbf`, `sid` and `auth_time` are well-formed, if present',
    source: 'RFC 7519 §4.1.5, RFC 9068 §2.2.1',
    seen: ({ claims }) => pickClaims(claims, ['nbf', 'sid', 'auth_time']),
    test: ({ claims }) => readOptionalClaims(claims),
  },
];

/** The last rules, because only a request can carry a proof. */
export const POSSESSION_RULES: readonly Rule<ClaimSubject>[] = [
  {
    says: 'It is valid as a bearer token, without a proof',
    source: 'RFC 9449 §7.2',
    seen: ({ claims }) => getClaim(claims, ['cnf', 'jkt']),
    test: ({ claims, rules }) => checkUnbound(readBinding(claims, rules)),
  },
];

function createTimestampRule(name: 'iat' | 'exp'): Rule<ClaimSubject> {
  return {
    says: `\`${name}\` is a time in seconds`,
    source: 'RFC 9068 §2.2, RFC 7519 §2',
    seen: ({ claims }) => claims[name],
    test: ({ claims }) => readInstant(claims[name], name),
  };
}

function listClaimNames(requiredClaims: ResolvedIssuer['requiredClaims']): string[] {
  return requiredClaims.map(([name]) => name);
}

/** The claims that exist, by the paths they were read from. */
function pickClaims(claims: JsonObject, paths: readonly ClaimPath[]): JsonObject | undefined {
  const found = paths
    .map((path) => [[path].flat().join('.'), getClaim(claims, path)])
    .filter(([, value]) => value !== undefined);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

/** The readable times of the token, and the time of the check. */
export interface Times {
  readonly expiresAt: Date | undefined;
  readonly issuedAt: Date | undefined;
  readonly notBefore: Date | undefined;
  readonly lifetime: LifetimeLimits;
}

export const TIME_RULES: readonly Rule<Times>[] = [
  createLifetimeRule('expiresAt', {
    says: 'It has not expired',
    source: 'RFC 7519 §4.1.4, option `clockToleranceSeconds`',
    test: checkExpiry,
  }),
  createLifetimeRule('issuedAt', {
    says: 'It was not issued too long ago',
    source: 'option `maxTokenAgeSeconds`',
    test: checkMaxAge,
  }),
  createLifetimeRule('notBefore', {
    says: 'It has begun to be valid',
    source: 'RFC 7519 §4.1.5, option `clockToleranceSeconds`',
    test: checkNotBefore,
  }),
  createLifetimeRule('issuedAt', {
    says: 'It was not issued in the future',
    source: 'RFC 7519 §4.1.6, option `clockToleranceSeconds`',
    test: checkIssuedAt,
  }),
];

function createLifetimeRule(
  name: Exclude<keyof Times, 'lifetime'>,
  { says, source, test }: LifetimeRule,
): Rule<Times> {
  return {
    says,
    source,
    seen: (times) => times[name]?.toISOString(),
    wanted: ({ lifetime }) => describeLimits(lifetime),
    applies: (times) => times[name] !== undefined,
    test: (times) => times[name] && test(times[name], times.lifetime),
  };
}

function describeLimits({ now, tolerance }: LifetimeLimits): string {
  return `now (${new Date(now).toISOString()}), within ${tolerance / 1000} s`;
}

interface LifetimeRule {
  readonly says: string;
  readonly source: string;
  readonly test: (time: Date, lifetime: LifetimeLimits) => void;
}
