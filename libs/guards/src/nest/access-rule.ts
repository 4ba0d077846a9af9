import type { ModuleRef } from '@nestjs/core';
import type { AccessToken } from '../core/access-token.js';
import { getClaim } from '../core/claims.js';
import { InsufficientClaims } from './bearer-error.js';
import type {
  AccessPolicy,
  CheckedAccess,
  ClaimRequirement,
  PolicyFunction,
  PolicySource,
  ResolvedAccess,
} from './declaration.js';

/** `elsewhere` and `undeclared`: left to other guards, by the options `guardedElsewhere` and `undeclaredHandlers`. */
export type Access = CheckedAccess | 'elsewhere' | 'undeclared';

/** The access rule of a handler, with resolved policies. */
export interface AccessRule extends Omit<ResolvedAccess, 'policies'> {
  readonly policies: readonly PolicyFunction[];
}

interface ScopeChoice {
  /** The scopes of the token, if there is one. */
  readonly held?: ReadonlySet<string> | undefined;
  /** Scopes that a handler or a policy demands besides the rule. */
  readonly demanded?: readonly string[] | undefined;
  /** The option `advertisedScopes`. */
  readonly advertised: readonly string[] | undefined;
}

/**
 * One set of scopes that opens the handler, for its challenge (RFC 6750 §3): every required scope, and one of each group of
 * alternatives. A scope that is not advertised, such as one for staff, is only chosen if its group has no other.
 */
export function selectScopes(
  { scopes, anyScopes }: Pick<AccessRule, 'scopes' | 'anyScopes'>,
  { held, demanded = [], advertised }: ScopeChoice,
): readonly string[] {
  const chosen = new Set(scopes);
  for (const group of anyScopes) {
    if (group.some((scope) => chosen.has(scope))) continue;
    const open = group.filter((scope) => advertised?.includes(scope) ?? true);
    const candidates = open.length > 0 ? open : group;
    const scope =
      group.find((one) => demanded.includes(one)) ??
      candidates.find((one) => held?.has(one)) ??
      candidates[0];
    if (scope !== undefined) chosen.add(scope);
  }
  return [...new Set([...chosen, ...demanded])];
}

/**
 * Checks the roles and claims that the rule requires.
 *
 * @throws InsufficientClaims, whose cause is for the log and names no value of the token
 */
export function checkRolesAndClaims(rule: AccessRule, { roles, claims }: AccessToken): void {
  const missing = rule.roles.find((group) => !group.some((role) => roles.has(role)));
  if (missing) {
    const hint = roles.size > 0 ? '' : '; the token has no roles where `claims.roles` looks';
    throw refuse(`one of these roles is required: ${missing.join(', ')}${hint}`);
  }
  for (const { path, expected } of rule.claims) {
    const value = getClaim(claims, path);
    if (isMet(value, expected)) continue;
    throw refuse(`the claim ${[path].flat().join('.')} ${describeMismatch(value, expected)}`);
  }
}

function refuse(detail: string): InsufficientClaims {
  return new InsufficientClaims('insufficient_claims', new Error(detail));
}

function isMet(value: unknown, expected: ClaimRequirement['expected']): boolean {
  if (value === undefined) return false;
  return typeof expected === 'function' ? expected(value) === true : value === expected;
}

function describeMismatch(value: unknown, expected: ClaimRequirement['expected']): string {
  if (value === undefined) return 'is missing';
  if (typeof expected === 'function' || !Array.isArray(value)) return 'has another value';
  return `holds a list, and ${expected} is one value: use @RequireRole() or a predicate`;
}

/** @throws Error when the application has no such provider, or creates it for each request */
export function resolvePolicy(source: PolicySource, moduleRef: ModuleRef): PolicyFunction {
  if (!isPolicyClass(source)) return source;
  const policy = moduleRef.get<AccessPolicy>(source, { strict: false });
  return (token, context) => policy.allows(token, context);
}

/** Also recognises a class by its source, because `allows` may be an instance property. */
function isPolicyClass(source: PolicySource): source is Exclude<PolicySource, PolicyFunction> {
  const prototype: unknown = source.prototype;
  const hasMethod = typeof prototype === 'object' && prototype !== null && 'allows' in prototype;
  return hasMethod || /^class\b/.test(Function.prototype.toString.call(source));
}
