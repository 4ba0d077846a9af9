import type { ExecutionContext } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { AccessToken } from '../core/access-token.js';
import { currentLifetimeLimits, getClaim, type LifetimeOptions } from '../core/claims.js';
import {
  InsufficientClaims,
  InsufficientScope,
  InsufficientUserAuthentication,
} from './bearer-error.js';
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

/** Who may call a handler: anybody, anybody but with a bad token, or whoever's token meets the requirements. */
export type Access = 'public' | 'optional' | 'token';

/** Who may call a handler, with its policies at hand. */
export interface AccessRule extends Pick<
  Declaration,
  'scopes' | 'anyScopes' | 'claims' | 'maxLoginAge'
> {
  readonly access: Access;
  readonly policies: readonly PolicyFunction[];
}

/** What the decorators of a handler and its controller add up to; undefined when they say nothing. */
export function resolveAccess(
  controller: object,
  handler: object,
): (Declaration & { readonly access: Access }) | undefined {
  const own = getDeclaration(handler);
  const inherited = getDeclaration(controller);
  if (requiresToken(own)) return { ...mergeDeclarations(inherited, own), access: 'token' };
  const opened = findOpenAccess(own);
  if (opened) return { ...NO_DECLARATION, access: opened };
  if (requiresToken(inherited)) return { ...inherited, access: 'token' };
  const openedByController = findOpenAccess(inherited);
  return openedByController && { ...NO_DECLARATION, access: openedByController };
}

function findOpenAccess({
  isPublic,
  isTokenOptional: tokenIsOptional,
}: Declaration): 'public' | 'optional' | undefined {
  if (isPublic) return 'public';
  return tokenIsOptional ? 'optional' : undefined;
}

/** Two of `@Public()`, `@OptionalToken()` and a requirement on the same thing: one of them is a mistake. */
export function isContradictory(target: object): boolean {
  const declared = getDeclaration(target);
  const { isPublic, isTokenOptional: tokenIsOptional } = declared;
  return [isPublic, tokenIsOptional, requiresToken(declared)].filter(Boolean).length > 1;
}

/**
 * Whether the token reaches as far as the rule wants.
 *
 * @throws InsufficientScope naming every scope that is missing
 * @throws InsufficientClaims
 */
export function checkScopesAndClaims(rule: AccessRule, { scopes, claims }: AccessToken): void {
  const missing = [
    ...rule.scopes.filter((scope) => !scopes.has(scope)),
    ...rule.anyScopes.filter((some) => !some.some((scope) => scopes.has(scope))).flat(),
  ];
  if (missing.length > 0) throw new InsufficientScope([...new Set(missing)]);
  if (!rule.claims.every(({ path, expected }) => isMet(getClaim(claims, path), expected))) {
    throw new InsufficientClaims();
  }
}

function isMet(value: unknown, expected: ClaimRequirement['expected']): boolean {
  if (value === undefined) return false;
  return typeof expected === 'function' ? expected(value) === true : value === expected;
}

/**
 * RFC 9470 §3. A login of the future is of a clock that is wrong, and nothing is known of when it was.
 *
 * @throws InsufficientUserAuthentication
 */
export function checkRecentLogin(
  { maxLoginAge }: AccessRule,
  { authenticatedAt }: AccessToken,
  options: LifetimeOptions,
): void {
  if (maxLoginAge === Infinity) return;
  const { now, tolerance } = currentLifetimeLimits(options);
  const age = now - (authenticatedAt?.getTime() ?? -Infinity);
  if (age > maxLoginAge * 1000 + tolerance || age < -tolerance) {
    throw new InsufficientUserAuthentication(maxLoginAge);
  }
}

/**
 * One after the other, in the order of their decorators, those of the controller first.
 *
 * @throws InsufficientClaims when one says no, and whatever one throws
 */
export async function checkPolicies(
  { policies }: AccessRule,
  token: AccessToken,
  context: ExecutionContext,
): Promise<true> {
  for (const allows of policies) {
    if ((await allows(token, context)) !== true) throw new InsufficientClaims('refused_by_policy');
  }
  return true;
}

/** @throws Error when the application has no such provider, or makes one for every request */
export function resolvePolicy(source: PolicySource, moduleRef: ModuleRef): PolicyFunction {
  if (!isPolicyClass(source)) return source;
  const policy = moduleRef.get<AccessPolicy>(source, { strict: false });
  return (token, context) => policy.allows(token, context);
}

/** Its `allows` may be a property that only instances have. */
function isPolicyClass(source: PolicySource): source is Exclude<PolicySource, PolicyFunction> {
  const prototype: unknown = source.prototype;
  const hasMethod = typeof prototype === 'object' && prototype !== null && 'allows' in prototype;
  return hasMethod || /^class\b/.test(Function.prototype.toString.call(source));
}
