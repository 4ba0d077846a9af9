import type { TrustedIssuer } from '../issuers/trusted-issuer.js';
import type { JsonObject } from '../token/strict-json.js';
import type { Rule } from './rule.js';

/** A token whose issuer is known, and when it is judged. All in epoch milliseconds. */
export interface StatusSubject {
  readonly claims: JsonObject;
  readonly issuedAt: Date;
  readonly issuer: TrustedIssuer;
  readonly now: number;
}

export const REFERENCE_RULES: readonly Rule<StatusSubject>[] = [
  {
    says: 'Its status can be looked up',
    source: 'Token Status List §6.2, option `ignoresTokenStatus`',
    seen: ({ claims }) => claims['status'],
    applies: isAsked,
    test: ({ issuer, ...token }) => issuer.statusLists.of(token),
  },
];

/** Unlike a request, this waits for the list. */
export const STATUS_RULES: readonly Rule<StatusSubject>[] = [
  {
    says: 'Its session has not ended',
    source: 'Token Status List §8.3',
    applies: isAsked,
    async test({ issuer, now, ...token }) {
      const { statusLists } = issuer;
      const status = statusLists.of(token);
      status?.requireValid(now);
      await statusLists.settled();
      status?.requireValid(now);
    },
  },
];

function isAsked({ claims, issuer }: StatusSubject): boolean {
  return claims['status'] !== undefined && !issuer.rules.ignoresTokenStatus;
}
