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

const CONNECTION = 'gatehouse:connection';

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
    metadata: CONNECTION,
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

const GUARDED = 'gatehouse:guarded';

/** Says that a method is what Nest calls when a client connects, which it knows by its name alone. */
export function markAsConnection(method: object): void {
  Reflect.defineMetadata(CONNECTION, true, method);
}

/** Says that a class carries the guard itself. */
export function markAsGuarded(target: object): void {
  Reflect.defineMetadata(GUARDED, true, target);
}

/** A class that extends it has to say so again. */
export function isMarkedAsGuarded(target: object): boolean {
  return Reflect.getOwnMetadata(GUARDED, target) === true;
}

const HANDLER = 'gatehouse:handler';

/** Tracing puts a function of its own around a handler, with the metadata of what is inside: so it is recognised. */
export function markAsHandler(method: object): void {
  Reflect.defineMetadata(HANDLER, method, method);
}

/** What a function was put around; undefined when it does not say so. */
export function handlerInside(method: object): object | undefined {
  return Reflect.getMetadata(HANDLER, method);
}

export function kindsOf(method: object): readonly HandlerKind[] {
  return HANDLER_KINDS.filter(({ metadata }) => Reflect.hasMetadata(metadata, method));
}
