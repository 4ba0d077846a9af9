import type { ModuleRef } from '@nestjs/core';
import type { AccessToken } from '../core/access-token.js';
import { getClaim } from '../core/claims.js';
import { InsufficientClaims } from './bearer-error.js';
import {
  type AccessPolicy,
  type ClaimRequirement,
  type Declaration,
  getDeclaration,
  mergeDeclarations,
  NO_DECLARATION,
  type PolicyFunction,
  type PolicySource,
  requiresToken,
} from './declaration.js';

type CheckedAccess = 'public' | 'optional' | 'token';

/**
 * `public`: no token needed. `optional`: no token, or a valid one. `token`: a valid token that meets the requirements.
 * `elsewhere` and `undeclared`: left to other guards, by the options `guardedElsewhere` and `undeclaredHandlers`.
 */
export type Access = CheckedAccess | 'elsewhere' | 'undeclared';

/** What the decorators of a handler and its controller declare together. */
export interface ResolvedAccess extends Declaration {
  readonly access: CheckedAccess;
}

/** The access rule of a handler, with resolved policies. */
export interface AccessRule extends Omit<ResolvedAccess, 'policies'> {
  readonly policies: readonly PolicyFunction[];
}

/** Merges the decorators of a handler and its controller; undefined if neither has one. */
export function resolveAccess(controller: object, handler: object): ResolvedAccess | undefined {
  const own = getDeclaration(handler);
  const inherited = getDeclaration(controller);
  if (requiresToken(own)) return { ...mergeDeclarations(inherited, own), access: 'token' };
  const openAccess = findOpenAccess(own);
  if (openAccess) return { ...NO_DECLARATION, access: openAccess };
  if (requiresToken(inherited)) return { ...inherited, access: 'token' };
  const inheritedAccess = findOpenAccess(inherited);
  return inheritedAccess && { ...NO_DECLARATION, access: inheritedAccess };
}

function findOpenAccess({
  isPublic,
  isTokenOptional,
}: Declaration): 'public' | 'optional' | undefined {
  if (isPublic) return 'public';
  return isTokenOptional ? 'optional' : undefined;
}

/** True if a handler or class has two of `@Public()`, `@OptionalToken()` and a requirement: one of them is a mistake. */
export function isContradictory(target: object): boolean {
  const declared = getDeclaration(target);
  const { isPublic, isTokenOptional } = declared;
  return [isPublic, isTokenOptional, requiresToken(declared)].filter(Boolean).length > 1;
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
 * @throws InsufficientClaims
 */
export function checkRolesAndClaims(
  { roles: groups, claims: requirements }: AccessRule,
  { roles, claims }: AccessToken,
): void {
  const missing = groups.find((group) => !group.some((role) => roles.has(role)));
  if (missing) throw insufficientClaims(describeMissingRole(missing, roles));
  for (const { path, expected } of requirements) {
    const value = getClaim(claims, path);
    if (isMet(value, expected)) continue;
    throw insufficientClaims(
      `the claim ${[path].flat().join('.')} ${describeMismatch(value, expected)}`,
    );
  }
}

/** @param detail for the log only */
function insufficientClaims(detail: string): InsufficientClaims {
  return new InsufficientClaims('insufficient_claims', new Error(detail));
}

function isMet(value: unknown, expected: ClaimRequirement['expected']): boolean {
  if (value === undefined) return false;
  return typeof expected === 'function' ? expected(value) === true : value === expected;
}

function describeMissingRole(group: readonly string[], roles: ReadonlySet<string>): string {
  const hint = roles.size > 0 ? '' : '; the token has no roles where `claims.roles` looks for them';
  return `one of these roles is required: ${group.join(', ')}${hint}`;
}

/** Names no value, because a claim may hold personal data. */
function describeMismatch(value: unknown, expected: ClaimRequirement['expected']): string {
  if (value === undefined) return 'is missing';
  if (typeof expected === 'function' || !Array.isArray(value)) return 'has another value';
  return `holds a list, and ${String(expected)} is one value: use @RequireRole() or a predicate`;
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
