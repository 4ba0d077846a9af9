import {
  type Lifetime,
  requireBegun,
  requireIssued,
  requireNotExpired,
  requireYoung,
} from '../token/lifetime.js';
import type { Rule } from './rule.js';

/** The times that could be read, and the one that they are judged at. */
export interface Times {
  readonly expiresAt: Date | undefined;
  readonly issuedAt: Date | undefined;
  readonly notBefore: Date | undefined;
  readonly lifetime: Lifetime;
}

export const TIME_RULES: readonly Rule<Times>[] = [
  rule('expiresAt', {
    says: 'It has not expired',
    source: 'RFC 7519 §4.1.4, option `clockToleranceSeconds`',
    test: requireNotExpired,
  }),
  rule('issuedAt', {
    says: 'It was not issued too long ago',
    source: 'option `maxTokenAgeSeconds`',
    test: requireYoung,
  }),
  rule('notBefore', {
    says: 'It has begun to be valid',
    source: 'RFC 7519 §4.1.5, option `clockToleranceSeconds`',
    test: requireBegun,
  }),
  rule('issuedAt', {
    says: 'It was not issued in the future',
    source: 'RFC 7519 §4.1.6, option `clockToleranceSeconds`',
    test: requireIssued,
  }),
];

function rule(
  name: Exclude<keyof Times, 'lifetime'>,
  { says, source, test }: TimeRule,
): Rule<Times> {
  return {
    says,
    source,
    seen: (times) => times[name]?.toISOString(),
    wanted: ({ lifetime }) => judgedAt(lifetime),
    applies: (times) => times[name] !== undefined,
    test: (times) => times[name] && test(times[name], times.lifetime),
  };
}

function judgedAt({ now, tolerance }: Lifetime): string {
  return `now, which is ${new Date(now).toISOString()}, give or take ${tolerance / 1000} s`;
}

interface TimeRule {
  readonly says: string;
  readonly source: string;
  readonly test: (time: Date, lifetime: Lifetime) => void;
}
