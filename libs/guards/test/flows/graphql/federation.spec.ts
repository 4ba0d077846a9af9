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
import {
  AccessRules,
  type GuardsOptions,
  Public,
  RequireScopes,
  UnguardedHandlers,
} from '../../../src/index.js';
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
    return `address of ${id}`;
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

const start = (...resolvers: Type[]) => launch(resolvers);
const launch = (resolvers: Type[], changes: Partial<GuardsOptions> = {}) =>
  guardedGraph({
    guards: Object.assign({ ...issuer.options }, changes),
    resolvers,
    graphql: {
      driver: ApolloFederationDriver,
      autoSchemaFile: { federation: 2 },
      plugins: [ApolloServerPluginInlineTraceDisabled()],
      fieldResolverEnhancers: ['guards', 'filters'],
    },
  });

/** The query of a federation router. Any client that reaches the service can send it, too. */
const QUERY_BY_REFERENCE =
  '{ _entities(representations: [{ __typename: "Parcel", id: "7" }]) { ... on Parcel { address } } }';

describe('field resolver in a federated graph, whose callers can invent the parent object', () => {
  it('stops the start if a field relies on its parent', async () => {
    const failure = await start(Parcels).then(
      (started) => (app = started),
      (error: unknown) => error,
    );

    expect(failure).toBeInstanceOf(UnguardedHandlers);
    expect(failure).toMatchObject({
      handlers: [expect.stringMatching(/^Parcels\.address: .*@ResolveReference\(\)/)],
    });
  });

  it('the boot audit leaves it to other guards during a migration, and lists it as undeclared', async () => {
    app = await launch([Parcels], { undeclaredHandlers: 'reportTemporarily' });
    const undeclared = app.get(AccessRules).undeclared();

    expect(undeclared).toMatchObject([{ controller: 'Parcels', handler: 'address' }]);
  });

  it('guards a field by the reference resolver of its type in another class', async () => {
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

    expect((await queryGraph(app, QUERY_BY_REFERENCE)).codes).toEqual(['UNAUTHENTICATED']);
    expect((await queryGraph(app, QUERY_BY_REFERENCE, issuer.accessToken())).codes).toEqual([
      'FORBIDDEN',
    ]);
    expect((await queryGraph(app, QUERY_BY_REFERENCE, token)).data).toEqual({
      _entities: [{ address: 'address of 7' }],
    });
  });

  it('answers every caller if the class of the field is @Public()', async () => {
    @Resolver(() => Parcel)
    @Public()
    class OpenParcels extends Parcels {}
    app = await start(OpenParcels);

    expect((await queryGraph(app, QUERY_BY_REFERENCE)).data).toEqual({
      _entities: [{ address: 'address of 7' }],
    });
  });
});
