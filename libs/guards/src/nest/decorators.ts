import 'reflect-metadata';
import type { ExecutionContext, Type } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import type { ClaimPath } from '../core/claims.js';
import type { Handler } from './handlers.js';

/** The token must carry this claim. */
export interface ClaimRequirement {
  readonly path: ClaimPath;
  /** The exact value, or a predicate. A missing claim never meets the requirement. */
  readonly expected: string | number | boolean | ((value: unknown) => boolean);
}

/** Decides about one call, for example by the owner of the requested row. May throw an `HttpException`. */
export type PolicyFunction = (
  token: AccessToken,
  context: ExecutionContext,
) => boolean | Promise<boolean>;

/** A policy that needs other providers. It must be a provider itself, of any module. */
export interface AccessPolicy {
  allows: PolicyFunction;
}

export type PolicySource = PolicyFunction | Type<AccessPolicy>;

/** `public`: no token needed. `optional`: no token, or a valid one. `token`: a valid token that meets the requirements. */
export type CheckedAccess = 'public' | 'optional' | 'token';

/** The requirements that decorators add up. */
export interface Requirements {
  /** The token needs all of these. */
  readonly scopes: readonly string[];
  /** The token needs one of each group. */
  readonly anyScopes: readonly (readonly string[])[];
  /** The token needs one of each group. */
  readonly roles: readonly (readonly string[])[];
  readonly claims: readonly ClaimRequirement[];
  /** Maximum age of the login, in seconds; Infinity without such a requirement. */
  readonly maxLoginAge: number;
  readonly policies: readonly PolicySource[];
}

interface Declaration extends Requirements {
  /** Two different ones contradict each other. */
  readonly kinds: readonly CheckedAccess[];
}

/** The access of a handler, by its decorators and those of its controller. */
export interface ResolvedAccess extends Requirements {
  readonly access: CheckedAccess;
}

export const NO_DECLARATION: Declaration = {
  kinds: [],
  scopes: [],
  anyScopes: [],
  roles: [],
  claims: [],
  maxLoginAge: Infinity,
  policies: [],
};

const DECLARATION_KEY = 'gatehouse:access';

/** A class inherits the declarations of the classes it extends. */
export function getDeclaration(target: object): Declaration {
  return Reflect.getMetadata(DECLARATION_KEY, target) ?? NO_DECLARATION;
}

export type HandlerOrController = MethodDecorator & ClassDecorator;

/** A decorator that adds to earlier declarations of the same target. */
function declareAccess(
  kind: CheckedAccess,
  requirements: Partial<Requirements> = {},
): HandlerOrController {
  const addition = { ...NO_DECLARATION, ...requirements, kinds: [kind] };
  return (target: object, name: string | symbol = '', descriptor?: PropertyDescriptor) => {
    const earlier = descriptor
      ? (Reflect.getOwnMetadata(DECLARATION_KEY, target, name) ?? NO_DECLARATION)
      : getDeclaration(target);
    const declared = mergeDeclarations(earlier, addition);
    Reflect.defineMetadata(DECLARATION_KEY, declared, descriptor?.value ?? target);
    if (descriptor) Reflect.defineMetadata(DECLARATION_KEY, declared, target, name);
  };
}

function mergeDeclarations(one: Declaration, other: Declaration): Declaration {
  return {
    kinds: [...one.kinds, ...other.kinds],
    scopes: [...new Set([...one.scopes, ...other.scopes])],
    anyScopes: [...one.anyScopes, ...other.anyScopes],
    roles: [...one.roles, ...other.roles],
    claims: [...one.claims, ...other.claims],
    maxLoginAge: Math.min(one.maxLoginAge, other.maxLoginAge),
    policies: [...one.policies, ...other.policies],
  };
}

/** @throws Error if a decorator of the handler or its class is a mistake */
export function checkDecorators({ owner, target, method }: Handler): void {
  if ([owner, target].some((holder) => new Set(getDeclaration(holder).kinds).size > 1)) {
    throw new Error('has contradictory access decorators, open and restricted');
  }
  let holder: object | null = owner.prototype;
  while (holder && !Object.hasOwn(holder, method)) holder = Reflect.getPrototypeOf(holder);
  const declared: unknown = holder && Reflect.getOwnMetadata(DECLARATION_KEY, holder, method);
  if (declared !== undefined && getDeclaration(Reflect.get(owner.prototype, method)) !== declared) {
    throw new Error(
      'another decorator replaced the method without its access decorators: move it below them',
    );
  }
}

/**
 * Merges the decorators of a handler and its controller; undefined if neither has one. `@Public()` and `@OptionalToken()`
 * of the handler override the requirements of the controller.
 */
export function resolveAccess(controller: object, handler: object): ResolvedAccess | undefined {
  const [own, inherited] = [getDeclaration(handler), getDeclaration(controller)];
  const access = own.kinds[0] ?? inherited.kinds[0];
  const isToken = access === 'token';
  return access && { ...(isToken ? mergeDeclarations(inherited, own) : NO_DECLARATION), access };
}

/** RFC 6749 §3.3. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

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
