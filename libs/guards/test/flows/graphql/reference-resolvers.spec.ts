import type { INestApplication } from '@nestjs/common';
import { Resolver, ResolveReference } from '@nestjs/graphql';
import { RequireScopes } from '../../../src/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { guardedGraph } from '../../support/guarded-graph.js';

@Resolver('Order')
class ReferencedOrders {
  @ResolveReference()
  @RequireScopes('orders:read')
  find({ id }: { id: string }) {
    return { id };
  }
}

let issuer: TestIssuer;
let app: INestApplication;
let find: (reference: object, context: object, info: object) => unknown;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  app = await guardedGraph({
    guards: issuer.options,
    resolvers: [ReferencedOrders],
    graphql: {
      autoSchemaFile: false,
      typeDefs: 'type Query { order: Order } type Order { id: ID }',
      fieldResolverEnhancers: ['guards', 'filters'],
      transformResolvers: (made) => {
        const ofOrder: unknown[] = [made].flat().map((types) => types['Order']);
        find = Reflect.get(Object(ofOrder.find(Boolean)), '__resolveReference');
        return made;
      },
    },
  });
});
afterAll(async () => {
  await app.close();
  await issuer.close();
});

/** Calls the resolver like a federated graph: without the arguments of a field. */
async function findByReference(context: object): Promise<unknown> {
  const info = {
    operation: { operation: 'query' },
    variableValues: {},
    path: { key: 0, prev: { key: '_entities' } },
  };
  return find({ id: '1' }, context, info);
}

const contextWith = (token: string) => ({ req: { headers: { authorization: `Bearer ${token}` } } });

it('guards a reference resolver by the context in its second argument', async () => {
  const context = contextWith(issuer.accessToken({ scope: 'orders:read' }));

  expect(await findByReference(context)).toEqual({ id: '1' });
  expect(context).toMatchObject({ user: { subject: 'alice' } });
  await expect(findByReference(contextWith(issuer.accessToken()))).rejects.toMatchObject({
    message: 'Forbidden',
    extensions: { code: 'FORBIDDEN' },
  });
});
