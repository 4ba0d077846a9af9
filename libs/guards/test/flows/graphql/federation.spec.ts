import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { ApolloFederationDriver } from '@nestjs/apollo';
import type { INestApplication, Type } from '@nestjs/common';
import {
  Directive,
  Field,
  ID,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
  ResolveReference,
} from '@nestjs/graphql';
import { Public, RequireScopes, UnguardedHandlers } from '../../../src/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { queryGraph } from '../../support/graphql-client.js';
import { guardedGraph } from '../../support/guarded-graph.js';

@ObjectType()
@Directive('@key(fields: "id")')
class Parcel {
  @Field(() => ID)
  id!: string;
}

@Resolver(() => Parcel)
class Parcels {
  @Query(() => [Parcel])
  @RequireScopes('parcels:read')
  parcels(): Parcel[] {
    return [{ id: '1' }];
  }

  @ResolveField(() => String)
  address(@Parent() { id }: Parcel): string {
    return `where ${id} goes`;
  }
}

let issuer: TestIssuer;
let app: INestApplication | undefined;

beforeAll(async () => {
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});
afterAll(() => issuer.close());

const start = (...resolvers: Type[]) =>
  guardedGraph({
    guards: issuer.options,
    resolvers,
    graphql: {
      driver: ApolloFederationDriver,
      autoSchemaFile: { federation: 2 },
      plugins: [ApolloServerPluginInlineTraceDisabled()],
      fieldResolverEnhancers: ['guards', 'filters'],
    },
  });

/** As the router of a federated graph does, and whoever else reaches the service. */
const MADE_UP =
  '{ _entities(representations: [{ __typename: "Parcel", id: "7" }]) { ... on Parcel { address } } }';

describe('in a federated graph, whose callers may make up the parent of a field', () => {
  it('a field that leaves it to its parent stops the start', async () => {
    const failure = await start(Parcels).then(
      (started) => (app = started),
      (error: unknown) => error,
    );

    expect(failure).toBeInstanceOf(UnguardedHandlers);
    expect(failure).toMatchObject({
      handlers: [expect.stringMatching(/^Parcels\.address: .*@ResolveReference\(\)/)],
    });
  });

  it('it is guarded by the reference resolver of its type, whichever class that is in', async () => {
    @Resolver(() => Parcel)
    class References {
      @ResolveReference()
      @RequireScopes('parcels:read')
      find({ id }: Parcel): Parcel {
        return { id };
      }
    }
    app = await start(Parcels, References);
    const token = issuer.accessToken({ scope: 'parcels:read' });

    expect((await queryGraph(app, MADE_UP)).codes).toEqual(['UNAUTHENTICATED']);
    expect((await queryGraph(app, MADE_UP, issuer.accessToken())).codes).toEqual(['FORBIDDEN']);
    expect((await queryGraph(app, MADE_UP, token)).data).toEqual({
      _entities: [{ address: 'where 7 goes' }],
    });
  });

  it('it is open where it says so', async () => {
    @Resolver(() => Parcel)
    @Public()
    class OpenParcels extends Parcels {}
    app = await start(OpenParcels);

    expect((await queryGraph(app, MADE_UP)).data).toEqual({
      _entities: [{ address: 'where 7 goes' }],
    });
  });
});
