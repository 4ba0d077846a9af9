import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import {
  type Access,
  type AccessRule,
  isContradictory,
  resolveAccess,
  resolvePolicy,
} from './access-rule.js';
import { type Declaration, isDeclarationLost, NO_DECLARATION } from './declaration.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import {
  findHandlers,
  type Handler,
  type HandlerKind,
  isMarkedAsGuarded,
  isSingleton,
  markAsHandler,
  unwrapHandler,
} from './handlers.js';
import { areGuardsEnabled, isNestedField, isParentGuarded } from './nested-resolvers.js';
import { TransportRegistry } from './http.transport.js';

/** A handler and its access rule, for documentation. */
export interface GuardedHandler {
  readonly kind: HandlerKind['name'];
  /** The controller, resolver or gateway. */
  readonly controller: string;
  readonly handler: string;
  readonly access: Access;
  /** The token needs all of these. */
  readonly scopes: readonly string[];
  /** The token needs one of each group. */
  readonly anyScopes: readonly (readonly string[])[];
  /** Each as `name` or `name = value`. */
  readonly claims: readonly string[];
  /** Maximum age of the login, in seconds. Absent without such a requirement. */
  readonly maxLoginAge?: number;
  /** Names of policy functions and classes. */
  readonly policies: readonly string[];
}

export function describeHandler(
  { kind, owner, method }: Handler,
  declared: Declaration & { readonly access: Access },
): GuardedHandler {
  const { access, scopes, anyScopes, maxLoginAge } = declared;
  return {
    kind: kind.name,
    controller: owner.name,
    handler: method,
    access,
    scopes,
    anyScopes,
    claims: declared.claims.map(({ path, expected }) => {
      const name = typeof path === 'string' ? path : path.join('.');
      return typeof expected === 'function' ? name : `${name} = ${expected}`;
    }),
    ...(maxLoginAge < Infinity && { maxLoginAge }),
    policies: declared.policies.map(({ name }) => name || 'inline'),
  };
}

/** The rule of a field resolver without decorators. The guard has checked its parent. */
const PARENT_DECIDES = { ...NO_DECLARATION, access: 'public' } as const;

/** The rule of a new connection, unless decorators require more. */
const ANY_TOKEN = { ...NO_DECLARATION, access: 'token' } as const;

/** Stops the start of the application, because these handlers have no access rule. */
export class UnguardedHandlers extends Error {
  override readonly name = 'UnguardedHandlers';

  /** @param handlers each as `Class.method: what is wrong` */
  constructor(readonly handlers: readonly string[]) {
    super(
      'Every handler needs @Public(), @OptionalToken() or a requirement such as @RequireScopes():' +
        handlers.map((handler) => `\n  - ${handler}`).join(''),
    );
  }
}

/** The access rules of all handlers, computed once when the application starts. */
@Injectable()
export class AccessRules implements OnModuleInit {
  private readonly rules = new Map<object, Map<object, AccessRule>>();
  private readonly rows: GuardedHandler[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly moduleRef: ModuleRef,
    private readonly transports: TransportRegistry,
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {
    // Nest creates its routes before it calls onModuleInit().
    for (const { target } of findHandlers(discovery, scanner)) markAsHandler(target);
  }

  /** @throws UnguardedHandlers with all faults */
  onModuleInit(): void {
    const faults: string[] = [];
    for (const handler of findHandlers(this.discovery, this.scanner)) {
      try {
        this.registerHandler(handler);
      } catch (fault) {
        const message = fault instanceof Error ? fault.message : String(fault);
        faults.push(`${handler.owner.name}.${handler.method}: ${message}`);
      }
    }
    if (faults.length > 0) throw new UnguardedHandlers(faults);
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

  /** All required scopes, sorted: `scopes_supported` of RFC 9728 §2. */
  scopes(): string[] {
    const required = this.rows.flatMap(({ scopes, anyScopes }) => [...scopes, ...anyScopes.flat()]);
    return [...new Set(required)].sort();
  }

  private registerHandler(handler: Handler): void {
    const { owner, target } = handler;
    const declared = this.resolveDeclaration(handler);
    if (declared.access !== 'public') this.checkGuardIsCalled(handler);
    const policies = declared.policies.map((source) => resolvePolicy(source, this.moduleRef));
    const rules = this.rules.get(owner) ?? new Map<object, AccessRule>();
    this.rules.set(owner, rules.set(target, { ...declared, policies }));
    if (declared !== PARENT_DECIDES) this.rows.push(describeHandler(handler, declared));
  }

  private resolveDeclaration(handler: Handler) {
    const { owner, target, method } = handler;
    if (this.options.publicControllers.includes(owner)) {
      return { ...NO_DECLARATION, access: 'public' as const };
    }
    if (isContradictory(target) || isContradictory(owner)) {
      throw new Error('has contradictory access decorators, open and restricted');
    }
    if (isDeclarationLost(owner.prototype, method)) {
      throw new Error(
        'another decorator replaced the method without its access decorators: move it below them',
      );
    }
    const declared = resolveAccess(owner, target);
    if (declared) return declared;
    if (isNestedField(handler)) return this.inheritFromParent(handler);
    if (handler.kind.isConnection) return ANY_TOKEN;
    throw new Error('has no access decorator');
  }

  private inheritFromParent(handler: Handler) {
    if (isParentGuarded(handler, this.discovery, this.scanner)) return PARENT_DECIDES;
    throw new Error(
      'has no access decorator, and callers may invent its parent: decorate it, or add a guarded @ResolveReference() for its type',
    );
  }

  /** A rule has no effect if Nest never calls the guard. */
  private checkGuardIsCalled(handler: Handler): void {
    const { owner, kind } = handler;
    const { name, contextType, classDecorator } = kind;
    if (!this.transports.has(contextType)) {
      throw new Error(`${name} calls are refused: its transport is not among the \`transports\``);
    }
    if (classDecorator !== undefined && !isMarkedAsGuarded(owner)) {
      throw new Error(`Nest calls no global guard here: ${owner.name} needs @${classDecorator}()`);
    }
    if (kind.isConnection && !isSingleton(owner, this.discovery)) {
      throw new Error(
        'its gateway is created for each client, so its connections cannot be guarded',
      );
    }
    if (!areGuardsEnabled(handler, this.discovery)) {
      throw new Error(
        "GraphQLModule calls no guard here: it needs `fieldResolverEnhancers: ['guards', 'filters']`",
      );
    }
  }
}
