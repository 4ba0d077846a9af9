import type { INestApplication, Type } from '@nestjs/common';
import {
  Mutation,
  Parent,
  Query,
  ResolveField,
  Resolver,
  ResolveReference,
  Subscription,
} from '@nestjs/graphql';
import {
  AccessRules,
  AccessToken,
  Public,
  RequireScopes,
  UnguardedHandlers,
} from '../../../src/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { queryGraph } from '../../support/graphql-client.js';
import { type Graph, guardedGraph, Order, OrdersResolver } from '../../support/guarded-graph.js';

let issuer: TestIssuer;
let app: INestApplication | undefined;

beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await issuer.close();
});

const start = (graph: Omit<Graph, 'guards'>) => guardedGraph({ guards: issuer.options, ...graph });

async function faultsOf(graph: Partial<Graph>): Promise<readonly string[]> {
  const failure = await start(graph).then(
    (started) => started.close(),
    (error: unknown) => error,
  );
  if (failure instanceof UnguardedHandlers) return failure.handlers;
  throw new Error('It started, or failed otherwise', { cause: failure });
}

describe('a graph does not start', () => {
  it('while a query, a mutation or a subscription says nothing', async () => {
    @Resolver()
    class ForgetfulResolver {
      @Query(() => String)
      asked() {}

      @Mutation(() => String)
      changed() {}

      @Subscription(() => String)
      told() {}
    }

    expect(await faultsOf({ resolvers: [ForgetfulResolver] })).toEqual([
      'ForgetfulResolver.asked: says nothing',
      'ForgetfulResolver.changed: says nothing',
      'ForgetfulResolver.told: says nothing',
    ]);
  });

  it('without the transport, which it names, unless all is public', async () => {
    const guards = { ...issuer.options, transports: [] };

    const faults = await faultsOf({ guards });

    expect(faults).toContain(
      'OrdersResolver.orders: GraphQL calls are refused: its transport is not among the `transports`',
    );
    expect(faults.join()).not.toContain('OrdersResolver.prices');
  });

  it('while a method that Nest takes for a query by its class says nothing', async () => {
    @Resolver('Query')
    class QueryResolver {
      @ResolveField()
      secret() {}
    }

    expect(await faultsOf(sdl(QueryResolver))).toEqual(['QueryResolver.secret: says nothing']);
  });

  it('while anybody could have objects found by reference, as federated graphs do', async () => {
    @Resolver('Order')
    class ReferenceResolver {
      @ResolveReference()
      find() {}
    }

    expect(await faultsOf(sdl(ReferenceResolver))).toEqual([
      'ReferenceResolver.find: says nothing',
    ]);
  });
});

describe('a field resolver that requires something', () => {
  @Resolver(() => Order)
  class MarginResolver {
    @Query(() => [Order])
    @Public()
    offers(): Order[] {
      return [{ id: '9', owner: 'shop' }];
    }

    @ResolveField(() => String, { nullable: true })
    @RequireScopes('margins:read')
    margin(@Parent() { id }: Order, @AccessToken() { subject }: AccessToken): string {
      return `of ${id} for ${subject}`;
    }

    @ResolveField(() => String)
    title(@Parent() { id }: Order): string {
      return `offer ${id}`;
    }
  }

  const resolvers = [MarginResolver];
  const enhanced = { fieldResolverEnhancers: ['guards' as const, 'filters' as const] };

  it.each([
    ['no enhancers', {}],
    ['no filters, which would tell the reason', { fieldResolverEnhancers: ['guards' as const] }],
  ])('stops the start while Nest calls %s for it', async (_name, graphql) => {
    expect(await faultsOf({ resolvers, graphql })).toEqual([
      "MarginResolver.margin: GraphQLModule calls no guard here: it needs `fieldResolverEnhancers: ['guards', 'filters']`",
    ]);
  });

  it('is guarded by itself, and leaves its neighbours to their parent', async () => {
    app = await start({ resolvers, graphql: enhanced });
    const token = issuer.accessToken({ scope: 'margins:read' });

    expect(await queryGraph(app, '{ offers { title margin } }', token)).toMatchObject({
      data: { offers: [{ title: 'offer 9', margin: 'of 9 for alice' }] },
    });
    expect(
      await queryGraph(app, '{ offers { title margin } }', issuer.accessToken()),
    ).toMatchObject({
      status: 200,
      data: { offers: [{ title: 'offer 9', margin: null }] },
      errors: [{ message: 'Forbidden', path: ['offers', 0, 'margin'] }],
    });
  });

  it('is in the table, and its neighbours are not', async () => {
    app = await start({ resolvers, graphql: enhanced });

    const table = app
      .get(AccessRules)
      .table()
      .filter(({ kind }) => kind === 'GraphQL');
    expect(table.map(({ handler, access }) => [handler, access])).toEqual([
      ['offers', 'public'],
      ['margin', 'token'],
    ]);
  });

  it('is one when its class requires something', async () => {
    @Resolver(() => Order)
    @RequireScopes('orders:read')
    class GuardedResolver extends MarginResolver {}

    expect(await faultsOf({ resolvers: [GuardedResolver] })).toContainEqual(
      expect.stringContaining('GuardedResolver.title: GraphQLModule calls no guard here'),
    );
  });
});

it('a query by the type of its class is guarded like any other', async () => {
  @Resolver('Query')
  class QueryResolver {
    @ResolveField()
    @RequireScopes('secrets:read')
    secret() {
      return 'told';
    }
  }
  app = await start(sdl(QueryResolver));

  const token = issuer.accessToken({ scope: 'secrets:read' });
  expect((await queryGraph(app, '{ secret }')).codes).toEqual(['UNAUTHENTICATED']);
  expect((await queryGraph(app, '{ secret }', token)).data).toEqual({ secret: 'told' });
});

it('the table knows a graph as it knows controllers', async () => {
  app = await start({});

  expect(app.get(AccessRules).table()).toContainEqual({
    kind: 'GraphQL',
    controller: OrdersResolver.name,
    handler: 'caller',
    access: 'token',
    scopes: [],
    anyScopes: [['orders:read', 'admin']],
    claims: [],
    policies: [],
  });
});

/** With the schema written down, where resolvers name the types that they belong to. */
function sdl(resolver: Type): Omit<Graph, 'guards'> {
  const typeDefs = 'type Query { secret: String } type Order { id: ID }';
  return { resolvers: [resolver], graphql: { autoSchemaFile: false, typeDefs } };
}
