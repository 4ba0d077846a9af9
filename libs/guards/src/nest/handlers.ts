import type { Type } from '@nestjs/common';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import 'reflect-metadata';

/** A kind of handler in Nest, recognised by the metadata of its decorators. */
export interface HandlerKind {
  readonly name: 'HTTP' | 'GraphQL' | 'WebSocket' | 'microservice';
  /** `ExecutionContext.getType()` of its calls. */
  readonly contextType: string;
  readonly metadata: string;
  /** Called for a field of an answer, or to find an object that another graph refers to. */
  readonly nested?: 'field' | 'reference';
  /** Called when a client connects. */
  readonly isConnection?: true;
  /** The decorator that its class needs, if Nest does not always call the global guard. */
  readonly classDecorator?: string;
}

const CONNECTION_KEY = 'gatehouse:connection';

/** The metadata keys of Nest 11 and 12, as text, because their packages may not be installed. */
export const HANDLER_KINDS: readonly HandlerKind[] = [
  { name: 'HTTP', contextType: 'http', metadata: 'path' },
  { name: 'GraphQL', contextType: 'graphql', metadata: 'graphql:resolver_type' },
  {
    name: 'GraphQL',
    contextType: 'graphql',
    metadata: 'graphql:resolve_property',
    nested: 'field',
  },
  {
    name: 'GraphQL',
    contextType: 'graphql',
    metadata: 'graphql:resolve_reference',
    nested: 'reference',
  },
  {
    name: 'WebSocket',
    contextType: 'ws',
    metadata: 'websockets:message_mapping',
    classDecorator: 'GuardedGateway',
  },
  {
    name: 'WebSocket',
    contextType: 'ws',
    metadata: CONNECTION_KEY,
    isConnection: true,
    classDecorator: 'GuardedGateway',
  },
  {
    name: 'microservice',
    contextType: 'rpc',
    metadata: 'microservices:pattern',
    classDecorator: 'GuardedMessages',
  },
];

const GUARDED_KEY = 'gatehouse:guarded';

/** Marks a method that Nest calls when a client connects. Nest recognises it by its name only. */
export function markAsConnection(method: object): void {
  Reflect.defineMetadata(CONNECTION_KEY, true, method);
}

/** Marks a class that carries the guard itself. */
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

export function findHandlerKinds(method: object): readonly HandlerKind[] {
  return HANDLER_KINDS.filter(({ metadata }) => Reflect.hasMetadata(metadata, method));
}

/** A method that callers outside of the application can reach. */
export interface Handler {
  readonly owner: Type;
  readonly method: string;
  readonly target: object;
  readonly kind: HandlerKind;
}

/** All handlers of controllers, resolvers and gateways. A method of two kinds is listed twice. */
export function findHandlers(discovery: DiscoveryService, scanner: MetadataScanner): Handler[] {
  const wrappers = [...discovery.getControllers(), ...discovery.getProviders()];
  const classes = new Set(wrappers.map(({ metatype }) => metatype).filter(isClass));
  return [...classes].flatMap((owner) =>
    scanner.getAllMethodNames(owner.prototype).flatMap((method) => {
      const target: object = Reflect.get(owner.prototype, method);
      return findHandlerKinds(target).map((kind) => ({ owner, method, target, kind }));
    }),
  );
}

/** False if Nest creates an instance for each request or client. */
export function isSingleton(owner: Type, discovery: DiscoveryService): boolean {
  const wrappers = discovery.getProviders().filter(({ metatype }) => metatype === owner);
  return wrappers.every((wrapper) => wrapper.isDependencyTreeStatic());
}

/** Excludes providers that a factory function creates. */
function isClass(metatype: unknown): metatype is Type {
  return typeof metatype === 'function' && typeof metatype.prototype === 'object';
}
