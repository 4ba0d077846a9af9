import {
  type ClaimRequirement,
  declare,
  type HandlerOrController,
  type PolicySource,
} from './declaration.js';
import type { ClaimPath } from '../token/claims.js';
import { requireScopeTokens } from './scope-token.js';

/**
 * The access token must carry every one of these scopes. On a controller and on its handler they add up.
 *
 * @throws TypeError when a name is not a scope token (RFC 6749 §3.3)
 */
export function RequireScopes(...scopes: [string, ...string[]]): HandlerOrController {
  requireScopeTokens(scopes);
  return declare({ scopes });
}

/**
 * The access token must carry at least one of these scopes. Each use of it is a condition of its own.
 *
 * @throws TypeError when a name is not a scope token (RFC 6749 §3.3)
 */
export function RequireAnyScope(...scopes: [string, ...string[]]): HandlerOrController {
  requireScopeTokens(scopes);
  return declare({ anyScopes: [scopes] });
}

/**
 * The access token must carry this claim: with exactly this value, or one that the predicate accepts.
 *
 * @param path its name, or the names from the outside in: `['realm_access', 'roles']`
 */
export function RequireClaim(
  path: ClaimPath,
  expected: ClaimRequirement['expected'],
): HandlerOrController {
  return declare({ claims: [{ path, expected }] });
}

/** The policy decides, when scopes and claims suffice. A class is looked up among the application's providers. */
export function Policy(policy: PolicySource): HandlerOrController {
  return declare({ policies: [policy] });
}

/** Reachable without a token. A handler that requires something itself stays closed on a public controller. */
export function Public(): HandlerOrController {
  return declare({ isPublic: true });
}

/** No token is fine, and a bad one is not. */
export function OptionalToken(): HandlerOrController {
  return declare({ tokenIsOptional: true });
}
