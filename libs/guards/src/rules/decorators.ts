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

/**
 * The person must have logged in no longer ago than this, by `auth_time`. A client that is told so sends them to log in
 * again and comes back (RFC 9470); a service that acts for itself has no login, and is refused.
 *
 * @param login `seconds`: 1 to 86,400, a whole number. The clock tolerance is added to it.
 * @throws RangeError
 */
export function RequireRecentLogin({ seconds }: { readonly seconds: number }): HandlerOrController {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400) {
    throw new RangeError(`A login may be 1 to 86,400 seconds ago, not ${seconds}`);
  }
  return declare({ maxLoginAge: seconds });
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
