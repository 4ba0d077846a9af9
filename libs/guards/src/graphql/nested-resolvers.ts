import 'reflect-metadata';
import type { DiscoveryService } from '@nestjs/core';
import type { AuditedApplication, Handler } from '../nest/handlers.js';

/** A resolver of a field of an answer. */
const FIELD = 'graphql:resolve_property';
/** A resolver that finds an object that another graph refers to. */
const REFERENCE = 'graphql:resolve_reference';

/** A field resolver of these types is a query, a mutation or a subscription. */
const ROOT_TYPES: readonly unknown[] = ['Query', 'Mutation', 'Subscription'];

/** The injection token of the options of `GraphQLModule`. */
const GRAPHQL_OPTIONS = 'GqlModuleOptions';

interface GraphqlOptions {
  readonly fieldResolverEnhancers?: readonly string[];
}

/**
 * A field of another handler's result needs no decorator, because the guard has checked its parent.
 *
 * @throws Error for a field whose parent the caller can send
 */
export function findDefaultAccess(
  { kind, owner }: Handler,
  application: AuditedApplication,
): 'inherited' | undefined {
  if (kind.metadata !== FIELD || isRootResolver(owner)) return undefined;
  if (isParentGuarded(owner, application)) return 'inherited';
  throw new Error(
    'has no access decorator, and callers may invent its parent: decorate it, or add a guarded @ResolveReference() for its type',
  );
}

/** In a federated graph, the caller may send the parent object itself, unless its type has a reference resolver. */
function isParentGuarded(owner: object, { discovery, handlers }: AuditedApplication): boolean {
  if (!discovery.getProviders().some(({ metatype }) => isFederationDriver(metatype))) return true;
  return handlers.some(
    (other) =>
      other.kind.metadata === REFERENCE && getResolverType(other.owner) === getResolverType(owner),
  );
}

/** The drivers of Apollo and Mercurius, and their subclasses. Recognised by name, because the packages may not be installed. */
function isFederationDriver(metatype: unknown): boolean {
  if (typeof metatype !== 'function') return false;
  return (
    /FederationDriver$/.test(metatype.name) || isFederationDriver(Reflect.getPrototypeOf(metatype))
  );
}

function getResolverType(owner: object): unknown {
  return Reflect.getMetadata('graphql:resolver_type', owner);
}

function isRootResolver(owner: object): boolean {
  return ROOT_TYPES.includes(getResolverType(owner));
}

/** @throws Error if Nest does not call guards and filters for a nested resolver. That is an option of `GraphQLModule`. */
export function checkEnhancers({ kind, owner }: Handler, discovery: DiscoveryService): void {
  const isNested = kind.metadata === FIELD || kind.metadata === REFERENCE;
  if (!isNested || isRootResolver(owner)) return;
  const graphqlModules = discovery.getProviders().filter(({ token }) => token === GRAPHQL_OPTIONS);
  if (graphqlModules.every(({ instance }) => hasEnhancers(instance))) return;
  throw new Error(
    "GraphQLModule calls no guard here: it needs `fieldResolverEnhancers: ['guards', 'filters']`",
  );
}

function hasEnhancers({ fieldResolverEnhancers: enhancers = [] }: GraphqlOptions): boolean {
  return enhancers.includes('guards') && enhancers.includes('filters');
}
