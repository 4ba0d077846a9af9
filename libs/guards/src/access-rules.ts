import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type AccessRule, accessRule, contradictsItself } from './access-rule.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';

/** The metadata key under which Nest's `@Get()`, `@Post()` … leave the path. */
const ROUTE_PATH = 'path';

/** One HTTP handler and who may call it. */
export interface GuardedHandler extends AccessRule {
  readonly controller: string;
  readonly handler: string;
}

/** The application was not started: these handlers say nothing about who may call them, or contradict themselves. */
export class UnguardedHandlers extends Error {
  override readonly name = 'UnguardedHandlers';

  constructor(readonly handlers: readonly string[]) {
    super(
      `Every HTTP handler needs either @RequireScopes() or @Public(). Missing or contradictory:` +
        handlers.map((name) => `\n  - ${name}`).join(''),
    );
  }
}

/** The access rule of every HTTP handler, worked out once, when the application starts. */
@Injectable()
export class AccessRules implements OnModuleInit {
  private readonly rules = new Map<object, Map<object, AccessRule>>();
  private readonly handlers: GuardedHandler[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {}

  /** @throws UnguardedHandlers naming each as `Controller.method` */
  onModuleInit(): void {
    const controllers = this.discovery.getControllers().map(({ metatype }) => metatype);
    const faults = [...new Set(controllers)].flatMap((controller) =>
      isClass(controller) ? this.audit(controller) : [],
    );
    if (faults.length > 0) throw new UnguardedHandlers(faults);
  }

  of(controller: object, handler: object): AccessRule | undefined {
    return this.rules.get(controller)?.get(handler);
  }

  /** Controller by controller, for documentation. */
  table(): readonly GuardedHandler[] {
    return this.handlers;
  }

  /** Every scope that some handler requires, sorted: `scopes_supported` of RFC 9728 §2. */
  scopes(): string[] {
    return [...new Set(this.handlers.flatMap(({ scopes }) => scopes))].sort();
  }

  private audit(controller: Type): string[] {
    const rules = new Map<object, AccessRule>();
    this.rules.set(controller, rules);
    return this.handlersOf(controller).flatMap(([name, handler]) => {
      const rule = this.ruleOf(controller, handler);
      if (!rule) return [`${controller.name}.${name}`];
      rules.set(handler, rule);
      this.handlers.push({ controller: controller.name, handler: name, ...rule });
      return [];
    });
  }

  private ruleOf(controller: Type, handler: object): AccessRule | undefined {
    if (this.options.publicControllers.includes(controller)) return { isPublic: true, scopes: [] };
    if (contradictsItself(handler) || contradictsItself(controller)) return undefined;
    return accessRule(controller, handler);
  }

  private handlersOf(controller: Type): [name: string, handler: object][] {
    return this.scanner
      .getAllMethodNames(controller.prototype)
      .map((name): [string, object] => [name, Reflect.get(controller.prototype, name)])
      .filter(([, handler]) => Reflect.hasMetadata(ROUTE_PATH, handler));
  }
}

function isClass(metatype: unknown): metatype is Type {
  return typeof metatype === 'function';
}
