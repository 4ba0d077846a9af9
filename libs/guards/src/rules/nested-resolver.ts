import 'reflect-metadata';
import type { DiscoveryService } from '@nestjs/core';
import type { Handler } from './handlers.js';

/** Whatever resolves a field of these is a query, a mutation or a subscription to Nest. */
const ROOT_TYPES: readonly unknown[] = ['Query', 'Mutation', 'Subscription'];

/** The token of the options of `GraphQLModule`, and what they are worth here. */
const GRAPHQL_OPTIONS = 'GqlModuleOptions';

interface GraphqlOptions {
  readonly fieldResolverEnhancers?: readonly string[];
}

/** Resolves a field of what another handler has returned: it is reached through that one's guard. */
export function isFieldOfParent({ kind, owner }: Handler): boolean {
  return kind.nested === 'field' && !isOfRootType(owner);
}

/** Whether Nest calls guards for it, and filters for what they throw. For nested resolvers it has to be told so. */
export function isCalledByGuards({ kind, owner }: Handler, discovery: DiscoveryService): boolean {
  if (!kind.nested || isOfRootType(owner)) return true;
  const graphqlModules = discovery.getProviders().filter(({ token }) => token === GRAPHQL_OPTIONS);
  return graphqlModules.every(({ instance }) => {
    const { fieldResolverEnhancers: enhancers = [] }: GraphqlOptions = instance;
    return enhancers.includes('guards') && enhancers.includes('filters');
  });
}

function isOfRootType(owner: object): boolean {
  return ROOT_TYPES.includes(Reflect.getMetadata('graphql:resolver_type', owner));
}
