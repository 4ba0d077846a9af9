import type { ModuleRef } from '@nestjs/core';
import {
  type AccessPolicy,
  type Declaration,
  getDeclaration,
  mergeDeclarations,
  NO_DECLARATION,
  type PolicyFunction,
  type PolicySource,
  requiresToken,
} from './declaration.js';

/** `public`: no token needed. `optional`: no token, or a valid one. `token`: a valid token that meets the requirements. */
export type Access = 'public' | 'optional' | 'token';

/** The access rule of a handler, with resolved policies. */
export interface AccessRule extends Pick<
  Declaration,
  'scopes' | 'anyScopes' | 'claims' | 'maxLoginAge'
> {
  readonly access: Access;
  readonly policies: readonly PolicyFunction[];
}

/** Merges the decorators of a handler and its controller; undefined if neither has one. */
export function resolveAccess(
  controller: object,
  handler: object,
): (Declaration & { readonly access: Access }) | undefined {
  const own = getDeclaration(handler);
  const inherited = getDeclaration(controller);
  if (requiresToken(own)) return { ...mergeDeclarations(inherited, own), access: 'token' };
  const openAccess = findOpenAccess(own);
  if (openAccess) return { ...NO_DECLARATION, access: openAccess };
  if (requiresToken(inherited)) return { ...inherited, access: 'token' };
  const inheritedAccess = findOpenAccess(inherited);
  return inheritedAccess && { ...NO_DECLARATION, access: inheritedAccess };
}

function findOpenAccess({
  isPublic,
  isTokenOptional,
}: Declaration): 'public' | 'optional' | undefined {
  if (isPublic) return 'public';
  return isTokenOptional ? 'optional' : undefined;
}

/** True if a handler or class has two of `@Public()`, `@OptionalToken()` and a requirement: one of them is a mistake. */
export function isContradictory(target: object): boolean {
  const declared = getDeclaration(target);
  const { isPublic, isTokenOptional } = declared;
  return [isPublic, isTokenOptional, requiresToken(declared)].filter(Boolean).length > 1;
}

/** @throws Error when the application has no such provider, or creates it for each request */
export function resolvePolicy(source: PolicySource, moduleRef: ModuleRef): PolicyFunction {
  if (!isPolicyClass(source)) return source;
  const policy = moduleRef.get<AccessPolicy>(source, { strict: false });
  return (token, context) => policy.allows(token, context);
}

/** Also recognises a class by its source, because `allows` may be an instance property. */
function isPolicyClass(source: PolicySource): source is Exclude<PolicySource, PolicyFunction> {
  const prototype: unknown = source.prototype;
  const hasMethod = typeof prototype === 'object' && prototype !== null && 'allows' in prototype;
  return hasMethod || /^class\b/.test(Function.prototype.toString.call(source));
}
