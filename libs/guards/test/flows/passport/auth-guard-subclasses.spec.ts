import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  type INestApplication,
  Injectable,
  type Provider,
  Req,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost, Reflector } from '@nestjs/core';
import { AuthGuard, type IAuthGuard } from '@nestjs/passport';
import request from 'supertest';
import { AccessToken, type BearerError, RequireScopes } from '../../../src/index.js';
import { TestIssuer } from '../../../testing/index.js';
import { platforms } from '../../support/guarded-app.js';
import {
  besideAccessTokenGuard,
  type Guard,
  type PassportApp,
  passportApp,
  type PassportRequest,
  recordRejections,
  INVALID_TOKEN,
  JwtStrategy,
  NO_TOKEN,
  UNAUTHORIZED,
} from '../../support/passport-app.js';

let issuer: TestIssuer;
let app: INestApplication;
const { rejections, onRejected } = recordRejections();

beforeEach(async () => {
  rejections.splice(0);
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

describe.each(platforms)(
  'subclasses of AuthGuard and filters of the service on %s',
  (_platform, adapter) => {
    async function start(
      guard: Guard,
      providers: Provider[] = [JwtStrategy],
      more: Partial<PassportApp> = {},
    ): Promise<void> {
      const options = { ...issuer.options, onRejected };
      app = await passportApp({ adapter, options, guard, providers, ...more });
    }

    function send(token?: string, headers: Record<string, string> = {}) {
      const sent = token === undefined ? headers : { ...headers, Authorization: `Bearer ${token}` };
      return request(app.getHttpServer()).get('/profile').set(sent);
    }

    it('admits calls without a user if its handleRequest returns null', async () => {
      class OptionalGuard extends AuthGuard('jwt') {
        override handleRequest<U>(error: unknown, user: U | false): U {
          if (error) throw error as Error;
          return (user || null) as U;
        }
      }
      await start(OptionalGuard);

      expect((await send()).body).toEqual({ user: null });
      expect((await send(issuer.accessToken({ exp: 1 }))).body).toEqual({ user: null });
      expect((await send(issuer.accessToken())).body).toEqual({ user: { userId: 'alice' } });
      expect(rejections).toEqual([]);
    });

    it('keeps the error of its handleRequest, and adds challenge and report (RFC 9110 §15.5.2)', async () => {
      class WordyGuard extends AuthGuard('jwt') {
        override handleRequest<U>(error: unknown, user: U | false, info?: BearerError): U {
          if (error || !user) throw new UnauthorizedException(`Please sign in: ${info?.reason}`);
          return user;
        }
      }
      await start(WordyGuard);

      const answer = await send(issuer.accessToken({ exp: 1 }));

      expect([answer.status, answer.body.message]).toEqual([401, 'Please sign in: expired']);
      expect(answer.headers['www-authenticate']).toBe(INVALID_TOKEN);
      expect(rejections).toMatchObject([{ reason: 'expired', issuer: issuer.issuer }]);
    });

    it('exposes the challenge beside its own error to scripts of other origins (Fetch §3.2.1)', async () => {
      class WordyGuard extends AuthGuard('jwt') {
        override handleRequest<U>(error: unknown, user: U | false): U {
          if (error || !user) throw new UnauthorizedException('Please sign in');
          return user;
        }
      }
      await start(WordyGuard, [JwtStrategy], { configure: (nest) => nest.enableCors() });

      const { headers } = await send(undefined, { origin: 'https://app.example' });

      expect(headers['www-authenticate']).toBe(NO_TOKEN);
      expect(headers['access-control-expose-headers']).toBe('WWW-Authenticate');
    });

    it('completes the error of an asynchronous handleRequest', async () => {
      class AsyncGuard extends AuthGuard('jwt') {
        override handleRequest<U>(...results: Parameters<IAuthGuard['handleRequest']>): U {
          return Promise.resolve().then(() => super.handleRequest<U>(...results)) as U;
        }
      }
      await start(AsyncGuard);

      const answer = await send();

      expect([answer.status, answer.body]).toEqual([401, UNAUTHORIZED]);
      expect(rejections).toMatchObject([{ reason: 'no_token' }]);
    });

    it.each(['APP_GUARD', 'useGlobalGuards'])(
      'guards globally by %s, except handlers with the decorator of the service',
      async (by) => {
        const IsPublic = () => SetMetadata('isPublic', true);
        @Injectable()
        class JwtAuthGuard extends AuthGuard('jwt') {
          constructor(private readonly reflector: Reflector) {
            super();
          }
          override canActivate(context: ExecutionContext) {
            return (
              this.reflector.get<boolean>('isPublic', context.getHandler()) ||
              super.canActivate(context)
            );
          }
        }
        @Controller()
        class NewsController {
          @Get('news')
          @IsPublic()
          list() {
            return ['opened'];
          }

          @Get('drafts')
          drafts(@Req() { user }: PassportRequest) {
            return { user };
          }
        }
        const byModule = by === 'APP_GUARD' ? [{ provide: APP_GUARD, useClass: JwtAuthGuard }] : [];
        await start(JwtAuthGuard, [JwtStrategy, ...byModule], {
          controllers: [NewsController],
          configure: (created) => {
            if (by === 'useGlobalGuards')
              created.useGlobalGuards(new JwtAuthGuard(new Reflector()));
          },
        });
        const get = (path: string) => request(app.getHttpServer()).get(path);

        expect((await get('/news')).body).toEqual(['opened']);
        const refused = await get('/drafts');
        expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, NO_TOKEN]);
        const admitted = await get('/drafts').set(
          'Authorization',
          `Bearer ${issuer.accessToken()}`,
        );
        expect(admitted.body).toEqual({ user: { userId: 'alice' } });
      },
    );

    it('reports a refusal once where AccessTokenGuard guards globally too', async () => {
      class JwtAuthGuard extends AuthGuard('jwt') {}
      @Controller()
      class ArchiveController {
        @Get('archive')
        @RequireScopes('archive:read')
        show(@AccessToken() token: AccessToken, @Req() { user }: PassportRequest) {
          return { subject: token.subject, user };
        }
      }
      await start(JwtAuthGuard, [JwtStrategy, { provide: APP_GUARD, useClass: JwtAuthGuard }], {
        controllers: [ArchiveController],
        guards: (options) =>
          besideAccessTokenGuard({ ...options, user: ({ subject }) => ({ userId: subject }) }),
      });
      const get = (token: string) =>
        request(app.getHttpServer()).get('/archive').set('Authorization', `Bearer ${token}`);

      const admitted = await get(issuer.accessToken({ scope: 'archive:read' }));
      expect(admitted.body).toEqual({ subject: 'alice', user: { userId: 'alice' } });
      expect(issuer.fetches).toBe(1);
      expect((await get(issuer.accessToken({ exp: 1 }))).status).toBe(401);
      expect(rejections).toMatchObject([{ reason: 'expired' }]);
    });

    it('leaves answers to a filter of the service, and adds the challenge to those of refused tokens', async () => {
      @Catch()
      class OwnFilter implements ExceptionFilter {
        constructor(private readonly adapterHost: HttpAdapterHost) {}
        catch(error: unknown, host: ArgumentsHost) {
          const { httpAdapter } = this.adapterHost;
          const status = error instanceof HttpException ? error.getStatus() : 500;
          httpAdapter.reply(host.switchToHttp().getResponse(), { own: status }, status);
        }
      }
      @Controller()
      class LoginController {
        @Get('login')
        logIn() {
          throw new UnauthorizedException();
        }
      }
      await start(AuthGuard('jwt'), [JwtStrategy], {
        controllers: [LoginController],
        configure: (created) =>
          created.useGlobalFilters(new OwnFilter(created.get(HttpAdapterHost))),
      });

      const login = await request(app.getHttpServer()).get('/login');

      expect([login.status, login.body]).toEqual([401, { own: 401 }]);
      const refused = await send();
      expect([refused.body, refused.headers['www-authenticate']]).toEqual([{ own: 401 }, NO_TOKEN]);
    });
  },
);
