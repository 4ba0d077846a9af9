import type { ExecutionContext } from '@nestjs/common';
import {
  InsufficientClaims,
  InsufficientScope,
  InsufficientUserAuthentication,
} from '../refusals/bearer-error.js';
import type { AccessToken } from '../token/access-token.js';
import { claimAt } from '../token/claims.js';
import { lifetimeNow } from '../token/lifetime.js';
import {
  type ClaimRequirement,
  type Declaration,
  declarationOf,
  NOTHING,
  type PolicyFunction,
  requiresToken,
  sum,
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
export function declaredAccess(
  controller: object,
  handler: object,
): (Declaration & { readonly access: Access }) | undefined {
  const own = declarationOf(handler);
  const inherited = declarationOf(controller);
  if (requiresToken(own)) return { ...sum(inherited, own), access: 'token' };
  const opened = openness(own);
  if (opened) return { ...NOTHING, access: opened };
  if (requiresToken(inherited)) return { ...inherited, access: 'token' };
  const openedByController = openness(inherited);
  return openedByController && { ...NOTHING, access: openedByController };
}

function openness({ isPublic, tokenIsOptional }: Declaration): 'public' | 'optional' | undefined {
  if (isPublic) return 'public';
  return tokenIsOptional ? 'optional' : undefined;
}

/** Two of `@Public()`, `@OptionalToken()` and a requirement on the same thing: one of them is a mistake. */
export function contradictsItself(target: object): boolean {
  const declared = declarationOf(target);
  const { isPublic, tokenIsOptional } = declared;
  return [isPublic, tokenIsOptional, requiresToken(declared)].filter(Boolean).length > 1;
}

/**
 * Whether the token reaches as far as the rule wants.
 *
 * @throws InsufficientScope naming every scope that is missing
 * @throws InsufficientClaims
 */
export function requireReach(rule: AccessRule, { scopes, claims }: AccessToken): void {
  const missing = [
    ...rule.scopes.filter((scope) => !scopes.has(scope)),
    ...rule.anyScopes.filter((some) => !some.some((scope) => scopes.has(scope))).flat(),
  ];
  if (missing.length > 0) throw new InsufficientScope([...new Set(missing)]);
  if (!rule.claims.every(({ path, expected }) => meets(claimAt(claims, path), expected))) {
    throw new InsufficientClaims();
  }
}

function meets(value: unknown, expected: ClaimRequirement['expected']): boolean {
  if (value === undefined) return false;
  return typeof expected === 'function' ? expected(value) === true : value === expected;
}

/**
 * RFC 9470 §3. A login of the future is of a clock that is wrong, and nothing is known of when it was.
 *
 * @throws InsufficientUserAuthentication
 */
export function requireRecentLogin(
  { maxLoginAge }: AccessRule,
  { authenticatedAt }: AccessToken,
  options: Parameters<typeof lifetimeNow>[0],
): void {
  if (maxLoginAge === Infinity) return;
  const { now, tolerance } = lifetimeNow(options);
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
export async function requirePolicies(
  { policies }: AccessRule,
  token: AccessToken,
  context: ExecutionContext,
): Promise<true> {
  for (const allows of policies) {
    if ((await allows(token, context)) !== true) throw new InsufficientClaims('refused_by_policy');
  }
  return true;
}
