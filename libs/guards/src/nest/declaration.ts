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

/** The access declared by the decorators of a handler or a controller. */
export interface Declaration {
  readonly isPublic: boolean;
  readonly isTokenOptional: boolean;
  readonly scopes: readonly string[];
  readonly anyScopes: readonly (readonly string[])[];
  /** One role of each group is required. */
  readonly roles: readonly (readonly string[])[];
  readonly claims: readonly ClaimRequirement[];
  /** Maximum age of the login, in seconds; Infinity without such a requirement. */
  readonly maxLoginAge: number;
  readonly policies: readonly PolicySource[];
}

export const NO_DECLARATION: Declaration = {
  isPublic: false,
  isTokenOptional: false,
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
export function declareAccess(addition: Partial<Declaration>): HandlerOrController {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (!descriptor || name === undefined)
      return void storeDeclaration(getDeclaration(target), addition, target);
    const declared = Reflect.getOwnMetadata(DECLARATION_KEY, target, name) ?? NO_DECLARATION;
    Reflect.defineMetadata(
      DECLARATION_KEY,
      storeDeclaration(declared, addition, descriptor.value),
      target,
      name,
    );
  };
}

function storeDeclaration(
  earlier: Declaration,
  addition: Partial<Declaration>,
  subject: object,
): Declaration {
  const declared = mergeDeclarations(earlier, { ...NO_DECLARATION, ...addition });
  Reflect.defineMetadata(DECLARATION_KEY, declared, subject);
  return declared;
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

export function mergeDeclarations(one: Declaration, other: Declaration): Declaration {
  return {
    isPublic: one.isPublic || other.isPublic,
    isTokenOptional: one.isTokenOptional || other.isTokenOptional,
    scopes: [...new Set([...one.scopes, ...other.scopes])],
    anyScopes: [...one.anyScopes, ...other.anyScopes],
    roles: [...one.roles, ...other.roles],
    claims: [...one.claims, ...other.claims],
    maxLoginAge: Math.min(one.maxLoginAge, other.maxLoginAge),
    policies: [...one.policies, ...other.policies],
  };
}

export function requiresToken(declared: Declaration): boolean {
  const { scopes, anyScopes, roles, claims, maxLoginAge, policies } = declared;
  const requirements = [scopes, anyScopes, roles, claims, policies];
  return maxLoginAge < Infinity || requirements.some((required) => required.length > 0);
}
