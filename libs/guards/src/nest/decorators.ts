import type { ClaimPath } from '../core/claims.js';
import {
  type ClaimRequirement,
  declareAccess,
  type HandlerOrController,
  type PolicySource,
} from './declaration.js';

/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** @throws TypeError for the first name that is not a scope token */
function checkScopeTokens(scopes: readonly string[]): void {
  if (scopes.length === 0) throw new TypeError('Name at least one scope');
  const malformed = scopes.find((scope) => !SCOPE_TOKEN.test(scope));
  if (malformed !== undefined) throw new TypeError(`"${malformed}" is not a scope (RFC 6749 §3.3)`);
}

/**
 * The access token must carry every one of these scopes. Scopes of the controller and the handler are combined.
 *
 * @throws TypeError when a name is not a scope token (RFC 6749 §3.3)
 */
export function RequireScopes(...scopes: [string, ...string[]]): HandlerOrController {
  checkScopeTokens(scopes);
  return declareAccess('token', { scopes });
}

/**
 * The access token must carry at least one of these scopes. Each use adds a separate condition.
 *
 * @throws TypeError when a name is not a scope token (RFC 6749 §3.3)
 */
export function RequireAnyScope(...scopes: [string, ...string[]]): HandlerOrController {
  checkScopeTokens(scopes);
  return declareAccess('token', { anyScopes: [scopes] });
}

/**
 * The user must have at least one of these roles. Each use adds a separate condition. The roles are those of
 * `AccessToken.roles`, from the claims that the issuer's option `claims.roles` names.
 *
 * @throws TypeError when no role is named, or an empty one
 */
export function RequireRole(...roles: [string, ...string[]]): HandlerOrController {
  if (roles.length === 0 || !roles.every(Boolean)) throw new TypeError('Name at least one role');
  return declareAccess('token', { roles: [roles] });
}

/**
 * The access token must carry this claim, with exactly this value or one that the predicate accepts. For a list of roles,
 * see {@link RequireRole}.
 *
 * @param path name of the claim, or the names of nested objects, outermost first: `['realm_access', 'roles']`
 */
export function RequireClaim(
  path: ClaimPath,
  expected: ClaimRequirement['expected'],
): HandlerOrController {
  return declareAccess('token', { claims: [{ path, expected }] });
}

/**
 * The user's last login (`auth_time`) must not be older than this. The challenge makes the client send the user to a new
 * login (RFC 9470). A token without a user has no login, and is refused.
 *
 * @param login `seconds`: a whole number from 1 to 86,400. The clock tolerance is added to it.
 * @throws RangeError
 */
export function RequireRecentLogin({ seconds }: { readonly seconds: number }): HandlerOrController {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400) {
    throw new RangeError(`A login may be 1 to 86,400 seconds ago, not ${seconds}`);
  }
  return declareAccess('token', { maxLoginAge: seconds });
}

/** Runs a policy after scopes and claims were checked. A class is resolved from the application's providers. */
export function Policy(policy: PolicySource): HandlerOrController {
  return declareAccess('token', { policies: [policy] });
}

/** Needs no token. On a public controller, a handler with its own requirement still needs one. */
export function Public(): HandlerOrController {
  return declareAccess('public');
}

/** Accepts calls without a token, but refuses an invalid one. */
export function OptionalToken(): HandlerOrController {
  return declareAccess('optional');
}

/** The scope decorators, typed so that a misspelt scope does not compile. */
export interface DefinedScopes<Scope extends string> {
  readonly all: readonly Scope[];
  readonly RequireScopes: (...scopes: [Scope, ...Scope[]]) => HandlerOrController;
  readonly RequireAnyScope: (...scopes: [Scope, ...Scope[]]) => HandlerOrController;
}

/**
 * Defines the scopes of this resource server in one place.
 *
 * @throws TypeError when a name is not a scope token (RFC 6749 §3.3)
 */
export function defineScopes<const Scope extends string>(
  ...scopes: [Scope, ...Scope[]]
): DefinedScopes<Scope> {
  checkScopeTokens(scopes);
  return { all: Object.freeze([...scopes]), RequireScopes, RequireAnyScope };
}
