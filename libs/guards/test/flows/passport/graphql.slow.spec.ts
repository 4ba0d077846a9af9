import type { ExecutionContext, INestApplication } from '@nestjs/common';
import { Module, UseGuards } from '@nestjs/common';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Context, GqlExecutionContext, GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { NestFactory } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import request from 'supertest';
import { GuardsModule } from '../../../src/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { platforms } from '../../support/guarded-app.js';
import { JwtStrategy, type PassportRequest, recordRejections } from '../../support/passport-app.js';

/** The recipe of Nest for GraphQL. */
class GqlAuthGuard extends AuthGuard('jwt') {
  override getRequest(context: ExecutionContext) {
    return GqlExecutionContext.create(context).getContext<{ req: PassportRequest }>().req;
  }
}

@Resolver()
class UsersResolver {
  @Query(() => String)
  @UseGuards(GqlAuthGuard)
  me(@Context('req') { user }: PassportRequest): string {
    return JSON.stringify(user);
  }
}

describe.each(platforms)('AuthGuard of GraphQL on %s', (_platform, adapter) => {
  const { rejections, onRejected } = recordRejections();
  let issuer: TestIssuer;
  let app: INestApplication;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    @Module({
      imports: [
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          autoSchemaFile: true,
          context: (first: { req?: object }) => ({ req: first.req ?? first }),
        }),
        GuardsModule.forFeature({ ...issuer.options, onRejected }),
      ],
      providers: [UsersResolver, JwtStrategy],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, adapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  async function query(token: string) {
    const { body } = await request(app.getHttpServer())
      .post('/graphql')
      .set('Authorization', `Bearer ${token}`)
      .send({ query: '{ me }' });
    return body;
  }

  it('sets request.user, and refuses with UNAUTHENTICATED and one report', async () => {
    expect((await query(issuer.accessToken())).data.me).toBe('{"userId":"alice"}');
    expect(rejections).toEqual([]);

    const { errors } = await query(issuer.accessToken({ exp: 1 }));

    expect(errors[0].extensions.code).toBe('UNAUTHENTICATED');
    expect(rejections).toMatchObject([{ reason: 'expired', issuer: issuer.issuer }]);
  });
});
