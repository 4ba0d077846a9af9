import {
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  Module,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Context, GqlExecutionContext, Query, Resolver } from '@nestjs/graphql';
import request from 'supertest';
import { AccessToken, AccessTokenGuard, GuardsModule, RequireScopes } from '../../../src/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { errorCodes } from '../../support/graphql-client.js';
import { guardedGraph } from '../../support/guarded-graph.js';
import { platforms } from '../../support/guarded-app.js';

interface GraphqlContext {
  readonly req: { user?: { readonly subject?: string; readonly userId?: string } };
  user?: object;
}

/** Overwrites the user where `AuthGuard('jwt')` with the recipe of Nest for GraphQL does. */
class OldGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const call = GqlExecutionContext.create(context).getContext<GraphqlContext>();
    call.req.user = { subject: 'root' };
    call.user = { subject: 'root' };
    return true;
  }
}

@Module({ providers: [{ provide: APP_GUARD, useClass: OldGuard }] })
class OldModule {}

@Resolver()
class ProfileResolver {
  @Query(() => String)
  @RequireScopes('orders:read')
  subject(@AccessToken() { subject }: AccessToken): string {
    return subject;
  }

  @Query(() => String)
  @RequireScopes('orders:read')
  userId(@Context() { req }: GraphqlContext): string {
    return req.user?.userId ?? 'none';
  }
}

let issuer: TestIssuer;
let app: INestApplication;

beforeAll(async () => {
  issuer = await TestIssuer.start();
});
afterEach(() => app.close());
afterAll(() => issuer.close());

const ask = async (query: string) => {
  const token = issuer.accessToken({ scope: 'orders:read' });
  const call = request(app.getHttpServer()).post('/graphql').send({ query });
  return (await call.set('Authorization', `Bearer ${token}`)).body;
};

describe.each(platforms)('GraphQL on %s', (_platform, adapter) => {
  it.each([
    [[OldModule], []],
    [[], [OldModule]],
  ])(
    'passes the verified token to resolvers although a kept global guard overwrites the user, in any order of the modules',
    async (before, after) => {
      const order = { before, after };
      app = await guardedGraph({
        adapter,
        guards: issuer.options,
        resolvers: [ProfileResolver],
        ...order,
      });

      expect(await ask('{ subject }')).toEqual({ data: { subject: 'alice' } });
    },
  );

  it('guards a resolver with @UseGuards(AccessTokenGuard) after forFeature(), and no other', async () => {
    @Resolver()
    class FirstResolver {
      @Query(() => String)
      @UseGuards(AccessTokenGuard)
      @RequireScopes('orders:read')
      guarded(@AccessToken() { subject }: AccessToken): string {
        return subject;
      }

      @Query(() => String)
      old(): string {
        return 'open';
      }
    }
    const create = GuardsModule.forFeature;
    app = await guardedGraph({
      adapter,
      guards: issuer.options,
      resolvers: [FirstResolver],
      create,
    });

    expect(await ask('{ guarded old }')).toEqual({ data: { guarded: 'alice', old: 'open' } });
    const refused = await request(app.getHttpServer())
      .post('/graphql')
      .send({ query: '{ guarded }' });
    expect(errorCodes(refused.body)).toEqual(['UNAUTHENTICATED']);
    expect(refused.body.data).toBeNull();
  });

  it('fills the user of the request in the context by the option `user`', async () => {
    const guards = {
      ...issuer.options,
      user: ({ subject }: AccessToken) => ({ userId: subject }),
    };
    app = await guardedGraph({ adapter, guards, resolvers: [ProfileResolver] });

    expect(await ask('{ userId }')).toEqual({ data: { userId: 'alice' } });
  });
});
