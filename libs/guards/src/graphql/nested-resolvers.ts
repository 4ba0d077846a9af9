import 'reflect-metadata';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { findHandlers, type Handler } from './handlers.js';

/** A field resolver of these types is a query, a mutation or a subscription. */
const ROOT_TYPES: readonly unknown[] = ['Query', 'Mutation', 'Subscription'];

/** The injection token of the options of `GraphQLModule`. */
const GRAPHQL_OPTIONS = 'GqlModuleOptions';

interface GraphqlOptions {
  readonly fieldResolverEnhancers?: readonly string[];
}

/** True for a resolver of a field of another handler's result. */
export function isNestedField({ kind, owner }: Handler): boolean {
  return kind.nested === 'field' && !isRootResolver(owner);
}

/**
 * True if the guard has checked the parent of a field. In a federated graph, the caller may send the parent object
 * itself, unless its type has a reference resolver.
 */
export function isParentGuarded(
  { owner }: Handler,
  discovery: DiscoveryService,
  scanner: MetadataScanner,
): boolean {
  if (!discovery.getProviders().some(({ metatype }) => isFederationDriver(metatype))) return true;
  return findHandlers(discovery, scanner).some(
    (other) =>
      other.kind.nested === 'reference' && getResolverType(other.owner) === getResolverType(owner),
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

/** True if Nest calls guards and filters for the resolver. For nested resolvers that is an option of `GraphQLModule`. */
export function areGuardsEnabled({ kind, owner }: Handler, discovery: DiscoveryService): boolean {
  if (!kind.nested || isRootResolver(owner)) return true;
  const graphqlModules = discovery.getProviders().filter(({ token }) => token === GRAPHQL_OPTIONS);
  return graphqlModules.every(({ instance }) => {
    const { fieldResolverEnhancers: enhancers = [] }: GraphqlOptions = instance;
    return enhancers.includes('guards') && enhancers.includes('filters');
  });
}

function isRootResolver(owner: object): boolean {
  return ROOT_TYPES.includes(getResolverType(owner));
}
