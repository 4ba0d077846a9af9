import 'reflect-metadata';
import type { ExecutionContext, Type } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import type { ClaimPath } from '../core/claims.js';

/** The token must carry this claim. */
export interface ClaimRequirement {
  readonly path: ClaimPath;
  /** The exact value, or what decides about it. A claim that is not there never meets it. */
  readonly expected: string | number | boolean | ((value: unknown) => boolean);
}

/** Decides about one call, such as by who owns what it asks for. May throw an `HttpException` of its own. */
export type PolicyFunction = (
  token: AccessToken,
  context: ExecutionContext,
) => boolean | Promise<boolean>;

/** A policy that needs other providers. It must be a provider itself, in any module. */
export interface AccessPolicy {
  allows: PolicyFunction;
}

export type PolicySource = PolicyFunction | Type<AccessPolicy>;

/** What decorators say of a handler or of a controller. */
export interface Declaration {
  readonly isPublic: boolean;
  readonly isTokenOptional: boolean;
  readonly scopes: readonly string[];
  readonly anyScopes: readonly (readonly string[])[];
  readonly claims: readonly ClaimRequirement[];
  /** How long ago the person may have logged in, in seconds; Infinity where it does not matter. */
  readonly maxLoginAge: number;
  readonly policies: readonly PolicySource[];
}

export const NO_DECLARATION: Declaration = {
  isPublic: false,
  isTokenOptional: false,
  scopes: [],
  anyScopes: [],
  claims: [],
  maxLoginAge: Infinity,
  policies: [],
};

const DECLARATION_KEY = 'gatehouse:access';

/** Of a class, with what the classes say that it extends. */
export function getDeclaration(target: object): Declaration {
  return Reflect.getMetadata(DECLARATION_KEY, target) ?? NO_DECLARATION;
}

export type HandlerOrController = MethodDecorator & ClassDecorator;

/** A decorator that adds to what has been said of the same thing. */
export function declareAccess(addition: Partial<Declaration>): HandlerOrController {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (!descriptor || name === undefined)
      return void storeDeclaration(getDeclaration(target), addition, target);
    const said = Reflect.getOwnMetadata(DECLARATION_KEY, target, name) ?? NO_DECLARATION;
    Reflect.defineMetadata(
      DECLARATION_KEY,
      storeDeclaration(said, addition, descriptor.value),
      target,
      name,
    );
  };
}

function storeDeclaration(
  said: Declaration,
  addition: Partial<Declaration>,
  subject: object,
): Declaration {
  const declared = mergeDeclarations(said, { ...NO_DECLARATION, ...addition });
  Reflect.defineMetadata(DECLARATION_KEY, declared, subject);
  return declared;
}

/**
 * Whether a method is not the function any more that something was said of. A decorator that puts another in its place
 * may leave the metadata behind.
 */
export function isDeclarationLost(prototype: object, method: string): boolean {
  const holder = findPropertyHolder(prototype, method);
  const said: unknown = holder && Reflect.getOwnMetadata(DECLARATION_KEY, holder, method);
  return said !== undefined && getDeclaration(Reflect.get(prototype, method)) !== said;
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
    claims: [...one.claims, ...other.claims],
    maxLoginAge: Math.min(one.maxLoginAge, other.maxLoginAge),
    policies: [...one.policies, ...other.policies],
  };
}

export function requiresToken(declared: Declaration): boolean {
  const { scopes, anyScopes, claims, maxLoginAge, policies } = declared;
  const requirements = [scopes, anyScopes, claims, policies];
  return maxLoginAge < Infinity || requirements.some((some) => some.length > 0);
}
