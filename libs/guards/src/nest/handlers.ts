import type { Type } from '@nestjs/common';
import { type DiscoveryService, MetadataScanner } from '@nestjs/core';
import 'reflect-metadata';

/** A kind of handler in Nest, recognised by the metadata of its decorators. */
export interface HandlerKind {
  readonly name: 'HTTP' | 'GraphQL' | 'WebSocket' | 'microservice';
  /** `ExecutionContext.getType()` of its calls. */
  readonly contextType: string;
  readonly metadata: string;
}

/** The metadata of a method that Nest calls when a client connects. Nest recognises it by its name only. */
export const CONNECTION_KEY = 'gatehouse:connection';

/**
 * The metadata keys of Nest 11 and 12, as text, because their packages may not be installed. The audit finds the handlers of
 * transports that were not added by them.
 */
const HANDLER_KINDS: readonly HandlerKind[] = [
  { name: 'HTTP', contextType: 'http', metadata: 'path' },
  { name: 'GraphQL', contextType: 'graphql', metadata: 'graphql:resolver_type' },
  { name: 'GraphQL', contextType: 'graphql', metadata: 'graphql:resolve_property' },
  { name: 'GraphQL', contextType: 'graphql', metadata: 'graphql:resolve_reference' },
  { name: 'WebSocket', contextType: 'ws', metadata: 'websockets:message_mapping' },
  { name: 'WebSocket', contextType: 'ws', metadata: CONNECTION_KEY },
  { name: 'microservice', contextType: 'rpc', metadata: 'microservices:pattern' },
];

/** The decorator that a class needs, because Nest does not always call the global guard for its handlers. */
export const CLASS_DECORATORS: Readonly<Record<string, string>> = {
  ws: 'GuardedGateway',
  rpc: 'GuardedMessages',
};

const GUARDED_KEY = 'gatehouse:guarded';
const HANDLER_KEY = 'gatehouse:handler';

/** Marks a class that carries the guard itself, by one of the {@link CLASS_DECORATORS}. */
export function markAsGuarded(target: object): void {
  Reflect.defineMetadata(GUARDED_KEY, true, target);
}

/** Not inherited: a subclass needs the decorator again. */
export function isMarkedAsGuarded(target: object): boolean {
  return Reflect.getOwnMetadata(GUARDED_KEY, target) === true;
}

/** Tracing wraps a handler and copies its metadata. This mark leads from the wrapper to the original function. */
export function markAsHandler(method: object): void {
  Reflect.defineMetadata(HANDLER_KEY, method, method);
}

/** The original function of a wrapper; undefined without a mark. */
export function unwrapHandler(method: object): object | undefined {
  return Reflect.getMetadata(HANDLER_KEY, method);
}

/** A method that callers outside of the application can reach. */
export interface Handler {
  readonly owner: Type;
  readonly method: string;
  readonly target: object;
  readonly kind: HandlerKind;
}

export interface AuditedApplication {
  readonly discovery: DiscoveryService;
  readonly handlers: readonly Handler[];
}

/** All handlers of controllers, resolvers and gateways. A method of two kinds is listed twice. */
export function findHandlers(discovery: DiscoveryService): Handler[] {
  const scanner = new MetadataScanner();
  const wrappers = [...discovery.getControllers(), ...discovery.getProviders()];
  const classes = new Set(wrappers.map(({ metatype }) => metatype).filter(isClass));
  return [...classes].flatMap((owner) =>
    scanner.getAllMethodNames(owner.prototype).flatMap((method) => {
      const target: object = Reflect.get(owner.prototype, method);
      const kinds = HANDLER_KINDS.filter(({ metadata }) => Reflect.hasMetadata(metadata, target));
      return kinds.map((kind) => ({ owner, method, target, kind }));
    }),
  );
}

/** Excludes providers that a factory function creates. */
function isClass(metatype: unknown): metatype is Type {
  return typeof metatype === 'function' && typeof metatype.prototype === 'object';
}

/** The guards that `@UseGuards()` adds to a handler and its class. Each is a class or an instance. */
export function listOwnGuards({ owner, target }: Handler): readonly object[] {
  return [owner, target].flatMap((holder) => Reflect.getMetadata('__guards__', holder) ?? []);
}

/** A class, the name of a class, a name with `*` for any letters, or a regular expression for names. */
export type ControllerPattern = Type | string | RegExp;

/** Refuses patterns without letters, because they match every class and open the whole application. */
export function isControllerPattern(pattern: unknown): pattern is ControllerPattern {
  if (typeof pattern === 'string') return /\w/.test(pattern);
  return pattern instanceof RegExp ? ''.search(pattern) < 0 : typeof pattern === 'function';
}

function isMatch(pattern: ControllerPattern, owner: Type): boolean {
  if (typeof pattern === 'function') return pattern === owner;
  if (typeof pattern !== 'string') return owner.name.search(pattern) >= 0;
  const parts = pattern.split('*').map((part) => part.replace(/\W/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(owner.name);
}

/** The classes that an option selects by patterns. */
export class ControllerList extends Set<Type> {
  /** A name or pattern that matches no class may be misspelt. One sentence for each. */
  readonly faults: string[] = [];
  /** One line for each name or pattern, for the log, because it may match more classes than expected. */
  readonly lines: string[] = [];

  constructor(option: string, patterns: readonly ControllerPattern[], owners: readonly Type[]) {
    super();
    const listNames = (classes: readonly Type[]) => classes.map(({ name }) => name).join(', ');
    for (const pattern of patterns) {
      const matched = owners.filter((owner) => isMatch(pattern, owner));
      for (const owner of matched) this.add(owner);
      if (typeof pattern === 'function') continue;
      const text = `\`${option}\`: ${String(pattern)} matches`;
      if (matched.length > 0) this.lines.push(`${text} ${listNames(matched)}`);
      else this.faults.push(`${text} no class. There are: ${listNames(owners)}`);
    }
  }
}
