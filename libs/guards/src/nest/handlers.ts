import type { Type } from '@nestjs/common';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import 'reflect-metadata';

/** A kind of handler that Nest knows, recognised by the metadata that its decorators leave. */
export interface HandlerKind {
  readonly name: 'HTTP' | 'GraphQL' | 'WebSocket' | 'microservice';
  /** What `ExecutionContext.getType()` says when it is called. */
  readonly contextType: string;
  readonly metadata: string;
  /** Called for a part of an answer, or to find an object that another graph refers to. */
  readonly nested?: 'field' | 'reference';
  /** Called when a client connects. */
  readonly isConnection?: true;
  /** What has to stand on its class, where Nest calls no global guard or not always. */
  readonly classDecorator?: string;
}

const CONNECTION_KEY = 'gatehouse:connection';

/** The metadata keys are those of Nest 11 and 12; their packages need not be installed. */
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

/** Says that a method is what Nest calls when a client connects, which it knows by its name alone. */
export function markAsConnection(method: object): void {
  Reflect.defineMetadata(CONNECTION_KEY, true, method);
}

/** Says that a class carries the guard itself. */
export function markAsGuarded(target: object): void {
  Reflect.defineMetadata(GUARDED_KEY, true, target);
}

/** A class that extends it has to say so again. */
export function isMarkedAsGuarded(target: object): boolean {
  return Reflect.getOwnMetadata(GUARDED_KEY, target) === true;
}

const HANDLER_KEY = 'gatehouse:handler';

/** Tracing puts a function of its own around a handler, with the metadata of what is inside: so it is recognised. */
export function markAsHandler(method: object): void {
  Reflect.defineMetadata(HANDLER_KEY, method, method);
}

/** What a function was put around; undefined when it does not say so. */
export function unwrapHandler(method: object): object | undefined {
  return Reflect.getMetadata(HANDLER_KEY, method);
}

export function findHandlerKinds(method: object): readonly HandlerKind[] {
  return HANDLER_KINDS.filter(({ metadata }) => Reflect.hasMetadata(metadata, method));
}

/** A method that Nest calls for somebody outside. */
export interface Handler {
  readonly owner: Type;
  readonly method: string;
  readonly target: object;
  readonly kind: HandlerKind;
}

/** All of them, of controllers, resolvers and gateways. One that answers two kinds of calls is there twice. */
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

/** And not for every call or client. */
export function isSingleton(owner: Type, discovery: DiscoveryService): boolean {
  const wrappers = discovery.getProviders().filter(({ metatype }) => metatype === owner);
  return wrappers.every((wrapper) => wrapper.isDependencyTreeStatic());
}

/** A provider may also be made by a function. */
function isClass(metatype: unknown): metatype is Type {
  return typeof metatype === 'function' && typeof metatype.prototype === 'object';
}
