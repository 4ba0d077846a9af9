import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from '../guards.options.js';
import { Transports } from '../transports.js';
import { type AccessRule, contradictsItself, declaredAccess } from './access-rule.js';
import { isDeclarationLost, NOTHING } from './declaration.js';
import { type GuardedHandler, rowOf } from './guarded-handler.js';
import { handlerInside, isMarkedAsGuarded, markAsHandler } from './handler-kind.js';
import { type Handler, handlersOf, isMadeOnce } from './handlers.js';
import { isCalledByGuards, isFieldOfParent, isParentGuarded } from './nested-resolver.js';
import { policyFunction } from './policies.js';

/** Of a field resolver that says nothing. The guard has asked for its parent. */
const AS_PARENT = { ...NOTHING, access: 'public' } as const;

/** Of a client that connects, where nothing more is said. */
const ANY_TOKEN = { ...NOTHING, access: 'token' } as const;

/** The application was not started: somebody could call these handlers about whom nothing was decided. */
export class UnguardedHandlers extends Error {
  override readonly name = 'UnguardedHandlers';

  /** @param handlers each as `Class.method: what is wrong` */
  constructor(readonly handlers: readonly string[]) {
    super(
      'Every handler needs @Public(), or a requirement such as @RequireScopes():' +
        handlers.map((handler) => `\n  - ${handler}`).join(''),
    );
  }
}

/** The access rule of every handler of every kind, worked out once, when the application starts. */
@Injectable()
export class AccessRules implements OnModuleInit {
  private readonly rules = new Map<object, Map<object, AccessRule>>();
  private readonly rows: GuardedHandler[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly moduleRef: ModuleRef,
    private readonly transports: Transports,
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {
    // Nest makes its routes before it calls onModuleInit().
    for (const { target } of handlersOf(discovery, scanner)) markAsHandler(target);
  }

  /** @throws UnguardedHandlers naming them all */
  onModuleInit(): void {
    const faults: string[] = [];
    for (const handler of handlersOf(this.discovery, this.scanner)) {
      try {
        this.admit(handler);
      } catch (fault) {
        const words = fault instanceof Error ? fault.message : String(fault);
        faults.push(`${handler.owner.name}.${handler.method}: ${words}`);
      }
    }
    if (faults.length > 0) throw new UnguardedHandlers(faults);
  }

  of(owner: object, handler: object): AccessRule | undefined {
    const rules = this.rules.get(owner);
    const rule = rules?.get(handler);
    if (rule || !rules) return rule;
    const inside = handlerInside(handler);
    return inside && rules.get(inside);
  }

  /** Class by class, for documentation. Plain data: it can be written as JSON. */
  table(): readonly GuardedHandler[] {
    return this.rows;
  }

  /** Every scope that some handler may require, sorted: `scopes_supported` of RFC 9728 §2. */
  scopes(): string[] {
    const named = this.rows.flatMap(({ scopes, anyScopes }) => [...scopes, ...anyScopes.flat()]);
    return [...new Set(named)].sort();
  }

  /** Notes who may call a handler. */
  private admit(handler: Handler): void {
    const { owner, target } = handler;
    const declared = this.declared(handler);
    if (declared.access !== 'public') this.requireGuard(handler);
    const policies = declared.policies.map((source) => policyFunction(source, this.moduleRef));
    const rules = this.rules.get(owner) ?? new Map<object, AccessRule>();
    this.rules.set(owner, rules.set(target, { ...declared, policies }));
    if (declared !== AS_PARENT) this.rows.push(rowOf(handler, declared));
  }

  private declared(handler: Handler) {
    const { owner, target, method } = handler;
    if (this.options.publicControllers.includes(owner)) {
      return { ...NOTHING, access: 'public' as const };
    }
    if (contradictsItself(target) || contradictsItself(owner)) {
      throw new Error('says that it is open, and that it is not');
    }
    if (isDeclarationLost(owner.prototype, method)) {
      throw new Error(
        'another decorator has put a function in its place that lacks what was said: it belongs below',
      );
    }
    const declared = declaredAccess(owner, target);
    if (declared) return declared;
    if (isFieldOfParent(handler)) return this.asParent(handler);
    if (handler.kind.isConnection) return ANY_TOKEN;
    throw new Error('says nothing');
  }

  private asParent(handler: Handler) {
    if (isParentGuarded(handler, this.discovery, this.scanner)) return AS_PARENT;
    throw new Error(
      'says nothing, and callers may make up its parent: it or a @ResolveReference() of its type has to',
    );
  }

  /** A rule is worth nothing where the guard is never called. */
  private requireGuard(handler: Handler): void {
    const { owner, kind } = handler;
    const { name, contextType, classDecorator } = kind;
    if (!this.transports.handles(contextType)) {
      throw new Error(`${name} calls are refused: its transport is not among the \`transports\``);
    }
    if (classDecorator !== undefined && !isMarkedAsGuarded(owner)) {
      throw new Error(`Nest calls no global guard here: ${owner.name} needs @${classDecorator}()`);
    }
    if (kind.isConnection && !isMadeOnce(owner, this.discovery)) {
      throw new Error(
        'its gateway is made anew for every client, so that its connections are open',
      );
    }
    if (!isCalledByGuards(handler, this.discovery)) {
      throw new Error(
        "GraphQLModule calls no guard here: it needs `fieldResolverEnhancers: ['guards', 'filters']`",
      );
    }
  }
}
