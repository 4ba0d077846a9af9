import {
  type ArgumentMetadata,
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
} from '@nestjs/common';
import type { AccessToken as VerifiedToken } from '../core/access-token.js';
import { type ClaimPath, getClaim } from '../core/claims.js';
import { resolveAccess } from './access-rule.js';
import { InsufficientClaims } from './bearer-error.js';
import {
  type ClaimRequirement,
  declareAccess,
  type HandlerOrController,
  type PolicySource,
} from './declaration.js';
import { findVerifiedToken } from './verified-token.js';

/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** @throws TypeError naming the first that is no scope token */
export function checkScopeTokens(scopes: readonly string[]): void {
  if (scopes.length === 0) throw new TypeError('Name at least one scope');
  const malformed = scopes.find((scope) => !SCOPE_TOKEN.test(scope));
  if (malformed !== undefined) throw new TypeError(`"${malformed}" is not a scope (RFC 6749 §3.3)`);
}

/**
 * The access token must carry every one of these scopes. On a controller and on its handler they add up.
 *
 * @throws TypeError when a name is not a scope token (RFC 6749 §3.3)
 */
export function RequireScopes(...scopes: [string, ...string[]]): HandlerOrController {
  checkScopeTokens(scopes);
  return declareAccess({ scopes });
}

/**
 * The access token must carry at least one of these scopes. Each use of it is a condition of its own.
 *
 * @throws TypeError when a name is not a scope token (RFC 6749 §3.3)
 */
export function RequireAnyScope(...scopes: [string, ...string[]]): HandlerOrController {
  checkScopeTokens(scopes);
  return declareAccess({ anyScopes: [scopes] });
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
  return declareAccess({ claims: [{ path, expected }] });
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
  return declareAccess({ maxLoginAge: seconds });
}

/** The policy decides, when scopes and claims suffice. A class is looked up among the application's providers. */
export function Policy(policy: PolicySource): HandlerOrController {
  return declareAccess({ policies: [policy] });
}

/** Reachable without a token. A handler that requires something itself stays closed on a public controller. */
export function Public(): HandlerOrController {
  return declareAccess({ isPublic: true });
}

/** No token is fine, and a bad one is not. */
export function OptionalToken(): HandlerOrController {
  return declareAccess({ isTokenOptional: true });
}

/** The decorators for scopes, for these scopes only: a misspelt one does not compile. */
export interface DefinedScopes<Scope extends string> {
  readonly all: readonly Scope[];
  readonly RequireScopes: (...scopes: [Scope, ...Scope[]]) => HandlerOrController;
  readonly RequireAnyScope: (...scopes: [Scope, ...Scope[]]) => HandlerOrController;
}

/**
 * The scopes of this resource server, said once.
 *
 * @throws TypeError when a name is not a scope token (RFC 6749 §3.3)
 */
export function defineScopes<const Scope extends string>(
  ...scopes: [Scope, ...Scope[]]
): DefinedScopes<Scope> {
  checkScopeTokens(scopes);
  return { all: Object.freeze([...scopes]), RequireScopes, RequireAnyScope };
}

/** The token of the call, as a parameter of a handler that requires one, or `undefined` under `@OptionalToken()`. */
export const AccessToken = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return findVerifiedToken(context) ?? checkTokenIsOptional(context);
});

export type AccessToken = VerifiedToken;

/**
 * A claim of the token, as a parameter. A parameter that is declared as `string`, `number`, `boolean` or an array
 * gets that, or the call is refused with 403.
 *
 * @param path its name, or the names from the outside in
 */
export function Claim(path: ClaimPath, options: { optional?: boolean } = {}): ParameterDecorator {
  return ClaimParameter(path, new DeclaredTypePipe(options.optional ?? false));
}

const ClaimParameter = createParamDecorator((path: ClaimPath, context: ExecutionContext) => {
  const token = findVerifiedToken(context) ?? checkTokenIsOptional(context);
  return token && getClaim(token.claims, path);
});

/** Only `@OptionalToken()` may find nobody: elsewhere it is a mistake in the program. */
function checkTokenIsOptional(context: ExecutionContext): undefined {
  if (resolveAccess(context.getClass(), context.getHandler())?.access === 'optional') return;
  throw new Error(
    '@AccessToken() and @Claim() are for handlers that require a token: this is none',
  );
}

/** TypeScript leaves the declared type of a parameter in its metadata, and Nest gives it to pipes. */
class DeclaredTypePipe implements PipeTransform {
  constructor(private readonly isOptional: boolean) {}

  transform(value: unknown, { metatype }: ArgumentMetadata): unknown {
    if (value === undefined && this.isOptional) return undefined;
    if (value === undefined || !isOfType(value, metatype)) throw new InsufficientClaims();
    return value;
  }
}

function isOfType(value: unknown, metatype: unknown): boolean {
  if (metatype === String) return typeof value === 'string';
  if (metatype === Number) return typeof value === 'number';
  if (metatype === Boolean) return typeof value === 'boolean';
  return metatype !== Array || Array.isArray(value);
}
