import 'reflect-metadata';
import type { ExecutionContext, Type } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import type { ClaimPath } from '../core/claims.js';

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
interface Requirements {
  readonly scopes: readonly string[];
  /** One scope of each group is required. */
  readonly anyScopes: readonly (readonly string[])[];
  /** One role of each group is required. */
  readonly roles: readonly (readonly string[])[];
  readonly claims: readonly ClaimRequirement[];
  /** Maximum age of the login, in seconds; Infinity without such a requirement. */
  readonly maxLoginAge: number;
  readonly policies: readonly PolicySource[];
}

/** The access declared by the decorators of a handler or a controller. */
interface Declaration extends Requirements {
  /** The kind of each decorator. Two different ones contradict each other. */
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

/** The declaration of a target. A class inherits those of the classes it extends. */
export function getDeclaration(target: object): Declaration {
  return Reflect.getMetadata(DECLARATION_KEY, target) ?? NO_DECLARATION;
}

export type HandlerOrController = MethodDecorator & ClassDecorator;

/** A decorator that adds to earlier declarations of the same target. */
export function declareAccess(
  kind: CheckedAccess,
  requirements: Partial<Requirements> = {},
): HandlerOrController {
  const addition = { ...NO_DECLARATION, kinds: [kind], ...requirements };
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

/** True if a handler or class has two of `@Public()`, `@OptionalToken()` and a requirement: one of them is a mistake. */
export function isContradictory(target: object): boolean {
  return new Set(getDeclaration(target).kinds).size > 1;
}

/**
 * True if another decorator replaced the method after access was declared, and did not copy the metadata to the new
 * function.
 */
export function isDeclarationLost(prototype: object, method: string): boolean {
  const holder = findPropertyHolder(prototype, method);
  const declared: unknown = holder && Reflect.getOwnMetadata(DECLARATION_KEY, holder, method);
  return declared !== undefined && getDeclaration(Reflect.get(prototype, method)) !== declared;
}

function findPropertyHolder(prototype: object | null, method: string): object | null {
  if (prototype === null || Object.hasOwn(prototype, method)) return prototype;
  return findPropertyHolder(Reflect.getPrototypeOf(prototype), method);
}

/**
 * Merges the decorators of a handler and its controller; undefined if neither has one. `@Public()` and `@OptionalToken()`
 * of the handler override the requirements of the controller.
 */
export function resolveAccess(controller: object, handler: object): ResolvedAccess | undefined {
  const [own, inherited] = [getDeclaration(handler), getDeclaration(controller)];
  const access = own.kinds[0] ?? inherited.kinds[0];
  if (!access) return undefined;
  if (access !== 'token') return { ...NO_DECLARATION, access };
  return { ...mergeDeclarations(inherited, own), access };
}
