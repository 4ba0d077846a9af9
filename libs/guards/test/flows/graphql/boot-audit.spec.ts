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

async function startAndListFaults(graph: Partial<Graph>): Promise<readonly string[]> {
  const failure = await start(graph).then(
    (started) => started.close(),
    (error: unknown) => error,
  );
  if (failure instanceof UnguardedHandlers) return failure.handlers;
  throw new Error('The application started or failed with another error', { cause: failure });
}

describe('boot audit of a GraphQL application', () => {
  it('reports queries, mutations and subscriptions without an access decorator', async () => {
    @Resolver()
    class ForgetfulResolver {
      @Query(() => String)
      find() {}

      @Mutation(() => String)
      change() {}

      @Subscription(() => String)
      watch() {}
    }

    expect(await startAndListFaults({ resolvers: [ForgetfulResolver] })).toEqual([
      expect.stringContaining(
        'ForgetfulResolver.find: has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken()',
      ),
      expect.stringContaining(
        'ForgetfulResolver.change: has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken()',
      ),
      expect.stringContaining(
        'ForgetfulResolver.watch: has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken()',
      ),
    ]);
  });

  it('reports guarded resolvers, and no public ones, if the GraphQL transport is missing', async () => {
    const guards = { ...issuer.options, transports: [] };

    const faults = await startAndListFaults({ guards });

    expect(faults).toContain(
      'OrdersResolver.orders: GraphQL calls are refused: its transport is not among the `transports`',
    );
    expect(faults.join()).not.toContain('OrdersResolver.prices');
  });

  it('reports a method without an access decorator in a class that makes it a query', async () => {
    @Resolver('Query')
    class QueryResolver {
      @ResolveField()
      secret() {}
    }

    expect(await startAndListFaults(sdl(QueryResolver))).toEqual([
      expect.stringContaining(
        'QueryResolver.secret: has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken()',
      ),
    ]);
  });

  it('reports a reference resolver without an access decorator', async () => {
    @Resolver('Order')
    class ReferenceResolver {
      @ResolveReference()
      find() {}
    }

    expect(await startAndListFaults(sdl(ReferenceResolver))).toEqual([
      expect.stringContaining(
        'ReferenceResolver.find: has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken()',
      ),
    ]);
  });
});

describe('field resolver with requirements', () => {
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
    ['no filters, which send the reason', { fieldResolverEnhancers: ['guards' as const] }],
  ])(
    'stops the start of a guarded field resolver while `fieldResolverEnhancers` has %s',
    async (_name, graphql) => {
      expect(await startAndListFaults({ resolvers, graphql })).toEqual([
        "MarginResolver.margin: GraphQLModule calls no guard here: it needs `fieldResolverEnhancers: ['guards', 'filters']`",
      ]);
    },
  );

  it('guards a field with requirements, while its neighbours rely on their parent', async () => {
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

  it('lists only fields with requirements in the table of access rules', async () => {
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

  it('applies the requirements of a class to its fields', async () => {
    @Resolver(() => Order)
    @RequireScopes('orders:read')
    class GuardedResolver extends MarginResolver {}

    expect(await startAndListFaults({ resolvers: [GuardedResolver] })).toContainEqual(
      expect.stringContaining('GuardedResolver.title: GraphQLModule calls no guard here'),
    );
  });
});

it('guards a query that is declared by the type of its class', async () => {
  @Resolver('Query')
  class QueryResolver {
    @ResolveField()
    @RequireScopes('secrets:read')
    secret() {
      return 'found';
    }
  }
  app = await start(sdl(QueryResolver));

  const token = issuer.accessToken({ scope: 'secrets:read' });
  expect((await queryGraph(app, '{ secret }')).codes).toEqual(['UNAUTHENTICATED']);
  expect((await queryGraph(app, '{ secret }', token)).data).toEqual({ secret: 'found' });
});

it('lists resolvers in the table of access rules like controllers', async () => {
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

/** Schema first: resolvers name the types that they belong to. */
function sdl(resolver: Type): Omit<Graph, 'guards'> {
  const typeDefs = 'type Query { secret: String } type Order { id: ID }';
  return { resolvers: [resolver], graphql: { autoSchemaFile: false, typeDefs } };
}
