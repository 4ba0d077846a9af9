import 'reflect-metadata';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { findHandlers, type Handler } from './handlers.js';

/** Whatever resolves a field of these is a query, a mutation or a subscription to Nest. */
const ROOT_TYPES: readonly unknown[] = ['Query', 'Mutation', 'Subscription'];

/** The token of the options of `GraphQLModule`, and what they are worth here. */
const GRAPHQL_OPTIONS = 'GqlModuleOptions';

interface GraphqlOptions {
  readonly fieldResolverEnhancers?: readonly string[];
}

/** Resolves a field of what another handler has returned. */
export function isNestedField({ kind, owner }: Handler): boolean {
  return kind.nested === 'field' && !isRootResolver(owner);
}

/**
 * Whether the guard has been asked for the parent of a field. In a federated graph the caller may also name an object,
 * which is then taken as it is, unless a reference resolver of its type looks for it.
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

/** Those of Apollo and of Mercurius, and what extends them. Their packages need not be installed. */
function isFederationDriver(metatype: unknown): boolean {
  if (typeof metatype !== 'function') return false;
  return (
    /FederationDriver$/.test(metatype.name) || isFederationDriver(Reflect.getPrototypeOf(metatype))
  );
}

function getResolverType(owner: object): unknown {
  return Reflect.getMetadata('graphql:resolver_type', owner);
}

/** Whether Nest calls guards for it, and filters for what they throw. For nested resolvers it has to be told so. */
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
