import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { GuardsConfigurationError } from '../core/options.js';
import { AccessRules } from './access-rules.js';
import { AccessTokenGuard } from './access-token.guard.js';
import {
  checkDecorators,
  NO_DECLARATION,
  resolveAccess,
  type ResolvedAccess,
} from './decorators.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import {
  type AuditedApplication,
  CLASS_DECORATORS,
  ControllerList,
  findHandlers,
  type Handler,
  isMarkedAsGuarded,
  listOwnGuards,
  markAsHandler,
} from './handlers.js';

const OPEN: ResolvedAccess = { ...NO_DECLARATION, access: 'public' };
const ANY_TOKEN: ResolvedAccess = { ...NO_DECLARATION, access: 'token' };

/** Stops the start of the application, because these handlers have no access rule. */
export class UnguardedHandlers extends Error {
  override readonly name = 'UnguardedHandlers';

  /** @param handlers each as `Class.method: what is wrong` */
  constructor(readonly handlers: readonly string[]) {
    super(
      'Every handler needs @Public(), @OptionalToken() or a requirement such as @RequireScopes():' +
        handlers.map((handler) => `\n  - ${handler}`).join('') +
        '\nDuring a migration, list classes that another guard protects in `guardedElsewhere`,' +
        " or set `undeclaredHandlers: 'reportTemporarily'`.",
    );
  }
}

/** Finds the rule of every handler when the application starts, and stops the start if the access of one is unclear. */
@Injectable()
export class BootAudit implements AuditedApplication, OnModuleInit {
  readonly handlers: readonly Handler[];
  private readonly logger = new Logger('GuardsModule');
  private readonly publicControllers: ControllerList;
  private readonly guardedElsewhere: ControllerList;

  constructor(
    readonly discovery: DiscoveryService,
    private readonly rules: AccessRules,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {
    this.handlers = findHandlers(discovery);
    const owners = [...new Set(this.handlers.map(({ owner }) => owner))];
    const { publicControllers, guardedElsewhere } = options;
    this.publicControllers = new ControllerList('publicControllers', publicControllers, owners);
    this.guardedElsewhere = new ControllerList('guardedElsewhere', guardedElsewhere, owners);
    // Nest creates its routes before it calls onModuleInit().
    for (const { target } of this.handlers) markAsHandler(target);
  }

  /** @throws GuardsConfigurationError, or UnguardedHandlers with all faults */
  onModuleInit(): void {
    const { publicControllers: open, guardedElsewhere: elsewhere } = this;
    const mistakes = [...this.findSecondModule(), ...open.faults, ...elsewhere.faults];
    if (mistakes.length > 0) throw new GuardsConfigurationError(mistakes);
    const faults = this.handlers.flatMap((handler) => this.findFault(handler) ?? []);
    if (faults.length > 0) throw new UnguardedHandlers(faults);
    for (const line of [...open.lines, ...elsewhere.lines]) this.logger.log(line);
    const { length } = this.rules.undeclared();
    if (length > 0) this.logger.warn(`${length} handlers have no access decorator (temporarily)`);
  }

  /** Each of two modules would have a guard, which refuses the tokens for the other. */
  private findSecondModule(): string[] {
    const { length } = this.discovery.getProviders().filter(({ token }) => token === BootAudit);
    if (length === 1) return [];
    return [`call forRoot() or forFeature() once, not ${length} times: the module is global`];
  }

  private findFault(handler: Handler): string | undefined {
    try {
      this.register(handler);
      return undefined;
    } catch (fault) {
      const message = fault instanceof Error ? fault.message : String(fault);
      return `${handler.owner.name}.${handler.method}: ${message}`;
    }
  }

  /** @throws Error that says what is wrong with the handler */
  private register(handler: Handler): void {
    const { owner, target } = handler;
    checkDecorators(handler);
    const declared = resolveAccess(owner, target);
    const isOpen = !declared || declared.access === 'public';
    if (!this.isGuardUsed(handler)) {
      if (isOpen) return;
      throw new Error(
        'has access decorators, but AccessTokenGuard does not run here: add @UseGuards(AccessTokenGuard)',
      );
    }
    if (this.publicControllers.has(owner)) {
      if (isOpen) return this.rules.add(handler, OPEN, 'public');
      throw new Error('has access decorators, and `publicControllers` opens its class: remove one');
    }
    if (declared) return this.guard(handler, declared);
    if (this.guardedElsewhere.has(owner)) return this.leaveToOthers(handler, 'elsewhere');
    this.registerUndeclared(handler);
  }

  /** @throws Error that says what to add */
  private registerUndeclared(handler: Handler): void {
    const isReported = this.options.undeclaredHandlers === 'reportTemporarily';
    const access = this.findDefaultAccess(handler, isReported);
    if (access === 'inherited') return this.rules.add(handler, OPEN, undefined);
    if (access === 'token') return this.guard(handler, ANY_TOKEN);
    if (isReported) return this.leaveToOthers(handler, 'undeclared');
    const fault = this.findTransportFault(handler);
    if (fault) throw new Error(`has no access decorator, and ${fault}`);
    throw new Error(
      'has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken(),' +
        ` or set \`publicControllers: [${handler.owner.name}]\` if it is a class of a package`,
    );
  }

  private findDefaultAccess(handler: Handler, isReported: boolean) {
    try {
      return this.findTransport(handler)?.defaultAccess?.(handler, this);
    } catch (fault) {
      if (isReported) return undefined;
      throw fault;
    }
  }

  private guard(handler: Handler, declared: ResolvedAccess): void {
    if (declared.access !== 'public') this.checkGuardIsCalled(handler);
    this.rules.add(handler, declared, declared.access);
  }

  /** The guard admits every call of the handler. */
  private leaveToOthers(handler: Handler, access: 'elsewhere' | 'undeclared'): void {
    this.rules.add(handler, OPEN, access);
    const others = this.listGuards(handler).filter((guard) => !isAccessTokenGuard(guard));
    if (access === 'elsewhere' && others.length > 0) return;
    const state = access === 'elsewhere' ? 'is in `guardedElsewhere`' : 'has no access decorator';
    const names = others.map((guard) => typeOf(guard).name || 'an unnamed guard').join(', ');
    const protection = names ? `is left to ${names}` : 'NO OTHER GUARD was found: it may be open';
    this.logger.warn(`${handler.owner.name}.${handler.method} ${state}, and ${protection}`);
  }

  /** After `forFeature()`, the guard is only called where `@UseGuards(AccessTokenGuard)` adds it. */
  private isGuardUsed(handler: Handler): boolean {
    const isMarked = handler.kind.contextType !== 'http' && isMarkedAsGuarded(handler.owner);
    return isMarked || this.listGuards(handler).some(isAccessTokenGuard);
  }

  /** Without the guards of `useGlobalGuards()` and those created for each request, which Nest does not reveal. */
  private listGuards(handler: Handler): object[] {
    const global = this.discovery.getProviders().filter(({ subtype }) => subtype === 'guard');
    // A test may replace the guard, and its alias still names it.
    const instances = global.flatMap(({ inject, instance }): object[] =>
      inject?.includes(AccessTokenGuard) ? [AccessTokenGuard] : (instance ?? []),
    );
    return [...listOwnGuards(handler), ...instances];
  }

  private findTransport({ kind }: Handler) {
    return this.options.transports.find(({ contextType }) => contextType === kind.contextType);
  }

  private findTransportFault(handler: Handler): string | undefined {
    const { contextType, name } = handler.kind;
    if (contextType === 'http' || this.findTransport(handler)) return undefined;
    return `${name} calls are refused: its transport is not among the \`transports\``;
  }

  /** A rule has no effect if Nest never calls the guard. */
  private checkGuardIsCalled(handler: Handler): void {
    const { owner, kind } = handler;
    const fault = this.findTransportFault(handler);
    if (fault) throw new Error(fault);
    const decorator = CLASS_DECORATORS[kind.contextType];
    if (decorator !== undefined && !isMarkedAsGuarded(owner)) {
      throw new Error(`Nest calls no global guard here: ${owner.name} needs @${decorator}()`);
    }
    this.findTransport(handler)?.checkHandler?.(handler, this);
  }
}

function isAccessTokenGuard(guard: object): boolean {
  const type = typeOf(guard);
  return type === AccessTokenGuard || type.prototype instanceof AccessTokenGuard;
}

function typeOf(guard: object) {
  return typeof guard === 'function' ? guard : guard.constructor;
}
