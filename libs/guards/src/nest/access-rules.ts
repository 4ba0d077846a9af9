import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  type AccessPolicy,
  type CheckedAccess,
  type PolicyFunction,
  type PolicySource,
  type Requirements,
  type ResolvedAccess,
} from './decorators.js';
import { type Handler, type HandlerKind, unwrapHandler } from './handlers.js';

/** `elsewhere` and `undeclared`: left to other guards, by the options `guardedElsewhere` and `undeclaredHandlers`. */
export type Access = CheckedAccess | 'elsewhere' | 'undeclared';

/** The access rule of a handler, with resolved policies. */
export interface AccessRule extends Omit<ResolvedAccess, 'policies'> {
  readonly policies: readonly PolicyFunction[];
}

/** A handler and its access rule, for documentation. `roles` and `maxLoginAge` are absent without such a requirement. */
export interface GuardedHandler
  extends
    Pick<Requirements, 'scopes' | 'anyScopes'>,
    Partial<Pick<Requirements, 'roles' | 'maxLoginAge'>> {
  readonly kind: HandlerKind['name'];
  /** The controller, resolver or gateway. */
  readonly controller: string;
  readonly handler: string;
  readonly access: Access;
  /** Each as `name` or `name = value`. */
  readonly claims: readonly string[];
  /** Names of policy functions and classes. */
  readonly policies: readonly string[];
}

function describeHandler(
  { kind, owner, method }: Handler,
  { scopes, anyScopes, roles, maxLoginAge, claims, policies }: ResolvedAccess,
  access: Access,
): GuardedHandler {
  return {
    kind: kind.name,
    controller: owner.name,
    handler: method,
    access,
    scopes,
    anyScopes,
    ...(roles.length > 0 && { roles }),
    claims: claims.map(({ path, expected }) => {
      const name = [path].flat().join('.');
      return typeof expected === 'function' ? name : `${name} = ${expected}`;
    }),
    ...(maxLoginAge < Infinity && { maxLoginAge }),
    policies: policies.map(({ name }) => name || 'inline'),
  };
}

/** The access rules of all handlers, computed once when the application starts. */
@Injectable()
export class AccessRules {
  private readonly rules = new Map<object, Map<object, AccessRule>>();
  private readonly rows: GuardedHandler[] = [];

  constructor(private readonly moduleRef: ModuleRef) {}

  /** @param listedAs access in the table, which leaves the handler out if it is undefined. @throws Error without a provider for a policy */
  add(handler: Handler, declared: ResolvedAccess, listedAs: Access | undefined): void {
    const { owner, target } = handler;
    const policies = declared.policies.map((source) => resolvePolicy(source, this.moduleRef));
    const rules = this.rules.get(owner) ?? new Map<object, AccessRule>();
    this.rules.set(owner, rules.set(target, { ...declared, policies }));
    if (listedAs) this.rows.push(describeHandler(handler, declared, listedAs));
  }

  of(owner: object, handler: object): AccessRule | undefined {
    const rules = this.rules.get(owner);
    const rule = rules?.get(handler);
    if (rule || !rules) return rule;
    const original = unwrapHandler(handler);
    return original && rules.get(original);
  }

  /** All handlers, class by class, for documentation. Plain data that can be written as JSON. */
  table(): readonly GuardedHandler[] {
    return this.rows;
  }

  /** The handlers that `undeclaredHandlers: 'reportTemporarily'` leaves to other guards. The list must become empty. */
  undeclared(): readonly GuardedHandler[] {
    return this.rows.filter(({ access }) => access === 'undeclared');
  }

  /** All required scopes, sorted: `scopes_supported` of RFC 9728 §2. */
  scopes(): string[] {
    const required = this.rows.flatMap(({ scopes, anyScopes }) => [...scopes, ...anyScopes.flat()]);
    return [...new Set(required)].sort();
  }
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
