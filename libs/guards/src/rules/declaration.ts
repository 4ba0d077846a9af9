import 'reflect-metadata';
import type { ExecutionContext, Type } from '@nestjs/common';
import type { AccessToken } from '../token/access-token.js';
import type { ClaimPath } from '../token/claims.js';

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
  readonly tokenIsOptional: boolean;
  readonly scopes: readonly string[];
  readonly anyScopes: readonly (readonly string[])[];
  readonly claims: readonly ClaimRequirement[];
  /** How long ago the person may have logged in, in seconds; Infinity where it does not matter. */
  readonly maxLoginAge: number;
  readonly policies: readonly PolicySource[];
}

export const NOTHING: Declaration = {
  isPublic: false,
  tokenIsOptional: false,
  scopes: [],
  anyScopes: [],
  claims: [],
  maxLoginAge: Infinity,
  policies: [],
};

const DECLARATION = 'gatehouse:access';

/** Of a class, with what the classes say that it extends. */
export function declarationOf(target: object): Declaration {
  return Reflect.getMetadata(DECLARATION, target) ?? NOTHING;
}

export type HandlerOrController = MethodDecorator & ClassDecorator;

/** A decorator that adds to what has been said of the same thing. */
export function declare(addition: Partial<Declaration>): HandlerOrController {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (!descriptor || name === undefined) return void add(declarationOf(target), addition, target);
    const said = Reflect.getOwnMetadata(DECLARATION, target, name) ?? NOTHING;
    Reflect.defineMetadata(DECLARATION, add(said, addition, descriptor.value), target, name);
  };
}

function add(said: Declaration, addition: Partial<Declaration>, subject: object): Declaration {
  const declared = sum(said, { ...NOTHING, ...addition });
  Reflect.defineMetadata(DECLARATION, declared, subject);
  return declared;
}

/**
 * Whether a method is not the function any more that something was said of. A decorator that puts another in its place
 * may leave the metadata behind.
 */
export function isDeclarationLost(prototype: object, method: string): boolean {
  const holder = holderOf(prototype, method);
  const said: unknown = holder && Reflect.getOwnMetadata(DECLARATION, holder, method);
  return said !== undefined && declarationOf(Reflect.get(prototype, method)) !== said;
}

function holderOf(prototype: object | null, method: string): object | null {
  if (prototype === null || Object.hasOwn(prototype, method)) return prototype;
  return holderOf(Reflect.getPrototypeOf(prototype), method);
}

export function sum(one: Declaration, other: Declaration): Declaration {
  return {
    isPublic: one.isPublic || other.isPublic,
    tokenIsOptional: one.tokenIsOptional || other.tokenIsOptional,
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
