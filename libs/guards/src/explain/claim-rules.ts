import { requireUnbound } from '../dpop/proof-of-possession.js';
import type { ResolvedIssuer } from '../issuers/issuer.options.js';
import {
  audienceOf,
  clientIdOf,
  confirmationOf,
  optionalMembers,
  requireClaims,
  scopesOf,
  tokenIdOf,
} from '../issuers/read-access-token.js';
import { claimAt, type ClaimPath, instant, text } from '../token/claims.js';
import type { JsonObject } from '../token/strict-json.js';
import type { Rule } from './rule.js';

interface Subject {
  readonly claims: JsonObject;
  readonly rules: ResolvedIssuer;
}

/** In the order in which the library reads them. */
export const CLAIM_RULES: readonly Rule<Subject>[] = [
  {
    says: 'It is for this resource server',
    source: 'RFC 9068 §4',
    seen: ({ claims, rules }) => claimAt(claims, rules.claims.audience),
    wanted: ({ rules }) => rules.audiences,
    test: ({ claims, rules }) => audienceOf(claims, rules),
  },
  {
    says: 'Its claims say that it is an access token of this issuer',
    source: 'RFC 8725 §3.12',
    seen: ({ claims, rules }) => at(claims, namesOf(rules.requiredClaims)),
    wanted: ({ rules }) => Object.fromEntries(rules.requiredClaims),
    applies: ({ rules }) => rules.requiredClaims.length > 0,
    test: ({ claims, rules }) => requireClaims(claims, rules),
  },
  {
    says: 'It is bound to no key, or in a way that is understood here',
    source: 'RFC 9449 §6.1, RFC 7800 §3.1, option `ignoresTokenBinding`',
    seen: ({ claims }) => claims['cnf'],
    test: ({ claims, rules }) => confirmationOf(claims, rules),
  },
  {
    says: '`jti` names it, where the issuer gives names',
    source: 'RFC 9068 §2.2',
    seen: ({ claims, rules }) => at(claims, ['jti', ...rules.claims.tokenId]),
    test: ({ claims, rules }) => tokenIdOf(claims, rules),
  },
  {
    says: '`sub` names its subject',
    source: 'RFC 9068 §2.2',
    seen: ({ claims }) => claims['sub'],
    test: ({ claims }) => text(claims['sub'], 'sub'),
  },
  {
    says: 'It names its client',
    source: 'RFC 9068 §2.2',
    seen: ({ claims, rules }) => at(claims, rules.claims.clientId),
    test: ({ claims, rules }) => clientIdOf(claims, rules),
  },
  {
    says: 'Its scopes can be read',
    source: 'RFC 8693 §4.2, RFC 9068 §2.2.3',
    seen: ({ claims, rules }) => at(claims, rules.claims.scopes),
    test: ({ claims, rules }) => scopesOf(claims, rules),
  },
  timeRule('iat'),
  timeRule('exp'),
  {
    says: '`nbf`, `sid` and `auth_time` can be read, where they are there',
    source: 'RFC 7519 §4.1.5, RFC 9068 §2.2.1',
    seen: ({ claims }) => at(claims, ['nbf', 'sid', 'auth_time']),
    test: ({ claims }) => optionalMembers(claims),
  },
];

/** Last, for only a request can be asked for a proof. */
export const POSSESSION_RULES: readonly Rule<Subject>[] = [
  {
    says: 'It is good on its own, without the proof that a request may have',
    source: 'RFC 9449 §7.2, option `requiresDpop`',
    seen: ({ claims }) => claimAt(claims, ['cnf', 'jkt']),
    test: ({ claims, rules }) => requireUnbound(confirmationOf(claims, rules), rules),
  },
];

function timeRule(name: 'iat' | 'exp'): Rule<Subject> {
  return {
    says: `\`${name}\` is a time in seconds`,
    source: 'RFC 9068 §2.2, RFC 7519 §2',
    seen: ({ claims }) => claims[name],
    test: ({ claims }) => instant(claims[name], name),
  };
}

function namesOf(requiredClaims: ResolvedIssuer['requiredClaims']): string[] {
  return requiredClaims.map(([name]) => name);
}

/** What is there, by the names that it is looked for under. */
function at(claims: JsonObject, paths: readonly ClaimPath[]): JsonObject | undefined {
  const found = paths
    .map((path) => [[path].flat().join('.'), claimAt(claims, path)])
    .filter(([, value]) => value !== undefined);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}
