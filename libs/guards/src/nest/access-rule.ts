import type { ExecutionContext } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import { currentLifetimeLimits, getClaim } from '../core/claims.js';
import type { AccessRule } from './access-rules.js';
import {
  type BearerError,
  InsufficientClaims,
  InsufficientScope,
  InsufficientUserAuthentication,
} from './bearer-error.js';
import type { ClaimRequirement } from './decorators.js';
import type { ResolvedGuardsOptions } from './guards.options.js';

/**
 * Checks what the rule requires of a verified token, except its policies.
 *
 * @throws InsufficientScope with one set of scopes that is missing
 * @throws InsufficientClaims
 * @throws InsufficientUserAuthentication
 */
export function checkRequirements(
  rule: AccessRule,
  token: AccessToken,
  options: ResolvedGuardsOptions,
): void {
  const scopes = rule.scopes.filter((scope) => !token.scopes.has(scope));
  const anyScopes = rule.anyScopes.filter((group) => !group.some((one) => token.scopes.has(one)));
  if (scopes.length > 0 || anyScopes.length > 0) {
    throw new InsufficientScope(selectScopes({ scopes, anyScopes }, options));
  }
  checkRolesAndClaims(rule, token);
  if (rule.maxLoginAge < Infinity) checkRecentLogin(rule, token, options);
}

/** The cause of the refusal is for the log, and names no value of the token. */
function checkRolesAndClaims(rule: AccessRule, { roles, claims }: AccessToken): void {
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

/** RFC 9470 §3. Refuses an `auth_time` in the future, because the time of that login is unknown. */
function checkRecentLogin(
  { maxLoginAge }: AccessRule,
  { authenticatedAt }: AccessToken,
  options: ResolvedGuardsOptions,
): void {
  const { now, tolerance } = currentLifetimeLimits(options);
  const age = now - (authenticatedAt?.getTime() ?? -Infinity);
  if (age > maxLoginAge * 1000 + tolerance || age < -tolerance) {
    throw new InsufficientUserAuthentication(maxLoginAge);
  }
}

/**
 * Runs the policies one after the other, in the order of their decorators, and those of the controller first.
 *
 * @throws InsufficientClaims when a policy refuses, and every error of a policy
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

/** A call whose rule may be known. The token is absent if it was not verified. */
export interface RefusedCall {
  readonly rule?: AccessRule | undefined;
  readonly token?: AccessToken | undefined;
}

type Advertised = Pick<ResolvedGuardsOptions, 'advertisedScopes'>;

/**
 * One set of scopes that opens the handler, for its challenge (RFC 6750 §3): every required scope, and one of each group of
 * alternatives. A scope that is not advertised, such as one for staff, is only chosen if its group has no other.
 */
export function findNeededScopes(
  error: BearerError,
  { rule, token }: RefusedCall,
  options: Advertised,
): readonly string[] {
  const demanded = error instanceof InsufficientScope ? error.missing : [];
  return rule ? selectScopes({ ...rule, demanded, held: token?.scopes }, options) : [];
}

interface ScopeChoice extends Pick<AccessRule, 'scopes' | 'anyScopes'> {
  /** Scopes that a handler or a policy demands besides the rule. */
  readonly demanded?: readonly string[];
  readonly held?: ReadonlySet<string> | undefined;
}

function selectScopes(
  { scopes, anyScopes, demanded = [], held }: ScopeChoice,
  { advertisedScopes: advertised }: Advertised,
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
