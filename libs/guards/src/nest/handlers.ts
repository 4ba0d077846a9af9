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

/** Marks a class that carries the guard itself, by one of the {@link CLASS_DECORATORS}. */
export function markAsGuarded(target: object): void {
  Reflect.defineMetadata(GUARDED_KEY, true, target);
}

/** Not inherited: a subclass needs the decorator again. */
export function isMarkedAsGuarded(target: object): boolean {
  return Reflect.getOwnMetadata(GUARDED_KEY, target) === true;
}

const HANDLER_KEY = 'gatehouse:handler';

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

/** What the audit knows about the application. */
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
