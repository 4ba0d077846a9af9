import { createHmac } from 'node:crypto';
import {
  Controller,
  ForbiddenException,
  Get,
  type INestApplication,
  Injectable,
  Module,
  type Provider,
  Req,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy as LegacyJwtStrategy } from 'passport-jwt';
import request from 'supertest';
import { AccessToken, RequireScopes } from '../../../src/index.js';
import { AccessTokenStrategy, type VerifiedCallback } from '../../../src/passport/index.js';
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

/** A strategy that is a function of the request, like many small ones of services. */
class PassportCustomStrategy {
  declare success: (user: unknown) => void;
  declare fail: () => void;

  constructor(private readonly verify: (request: object, done: VerifiedCallback) => void) {}

  authenticate(request: object): void {
    this.verify(request, (_error, user) => (user ? this.success(user) : this.fail()));
  }
}

/** Signed with a secret, as tokens of the service's past. */
function signLegacyToken(): string {
  const parts = [{ alg: 'HS256', typ: 'JWT' }, { sub: 'legacy' }].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signature = createHmac('sha256', 'secret').update(parts.join('.')).digest('base64url');
  return [...parts, signature].join('.');
}

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

describe.each(platforms)('AuthGuard with AccessTokenStrategy on %s', (_platform, adapter) => {
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

  it('sets request.user to the result of validate', async () => {
    await start(AuthGuard('jwt'));

    const { status, body } = await send(issuer.accessToken());

    expect([status, body]).toEqual([200, { user: { userId: 'alice' } }]);
    expect(rejections).toEqual([]);
  });

  it('sets request.user to the verified token if no subclass replaces validate', async () => {
    await start(AuthGuard('jwt'), [AccessTokenStrategy]);

    const { body } = await send(issuer.accessToken());

    expect(body.user).toMatchObject({ subject: 'alice', issuer: issuer.issuer });
  });

  it('answers a call without a token with 401 and a challenge (RFC 6750 §3)', async () => {
    await start(AuthGuard('jwt'));

    const answer = await send();

    expect([answer.status, answer.body]).toEqual([401, UNAUTHORIZED]);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.headers['www-authenticate']).toBe(NO_TOKEN);
    expect(rejections).toMatchObject([{ reason: 'no_token', request: { path: '/profile' } }]);
  });

  it('answers an expired token with invalid_token (RFC 6750 §3.1) and reports the refusal once', async () => {
    await start(AuthGuard('jwt'));

    const answer = await send(issuer.accessToken({ exp: 1 }));

    expect([answer.status, answer.body]).toEqual([401, UNAUTHORIZED]);
    expect(answer.headers['www-authenticate']).toBe(INVALID_TOKEN);
    expect(rejections).toMatchObject([
      { reason: 'expired', issuer: issuer.issuer, kid: issuer.signingKey.kid },
    ]);
  });

  it('answers two tokens with 400 invalid_request (RFC 6750 §2)', async () => {
    await start(AuthGuard('jwt'));
    const token = issuer.accessToken();

    const answer = await request(app.getHttpServer())
      .get('/profile?access_token=x')
      .set('Authorization', `Bearer ${token}`);

    expect(answer.status).toBe(400);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_request"');
  });

  it('answers 503 with Retry-After and without a challenge during an outage of the issuer', async () => {
    issuer.fail();
    await start(AuthGuard('jwt'));

    const answer = await send(issuer.accessToken());

    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.headers['www-authenticate']).toBeUndefined();
    expect(rejections).toMatchObject([{ reason: 'keys_unavailable', issuer: issuer.issuer }]);
  });

  it('waits for an asynchronous validate, which may inject other providers', async () => {
    @Injectable()
    class UserDirectory {
      find = (id: string) => Promise.resolve({ id, name: 'Alice' });
    }
    @Injectable()
    class DirectoryStrategy extends AccessTokenStrategy {
      constructor(private readonly users: UserDirectory) {
        super();
      }
      override async validate({ subject }: AccessToken) {
        return this.users.find(subject);
      }
    }
    await start(AuthGuard('jwt'), [DirectoryStrategy, UserDirectory]);

    expect((await send(issuer.accessToken())).body.user).toEqual({ id: 'alice', name: 'Alice' });
  });

  it.each([null, false, undefined])(
    'answers 401 invalid_token when validate returns %s',
    async (user) => {
      class NoUserStrategy extends AccessTokenStrategy {
        override validate(): unknown {
          return user;
        }
      }
      await start(AuthGuard('jwt'), [NoUserStrategy]);

      const answer = await send(issuer.accessToken());

      expect([answer.status, answer.body]).toEqual([401, UNAUTHORIZED]);
      expect(answer.headers['www-authenticate']).toBe(INVALID_TOKEN);
      expect(rejections).toMatchObject([{ reason: 'refused_by_policy', issuer: issuer.issuer }]);
    },
  );

  it('adds the challenge when validate throws the UnauthorizedException of the recipe of Nest', async () => {
    class RecipeStrategy extends AccessTokenStrategy {
      override validate() {
        throw new UnauthorizedException();
      }
    }
    await start(AuthGuard('jwt'), [RecipeStrategy]);

    const answer = await send(issuer.accessToken());

    expect(answer.headers['www-authenticate']).toBe(INVALID_TOKEN);
    expect(rejections).toMatchObject([{ reason: 'refused_by_policy' }]);
  });

  it.each([
    ['an HttpException', () => new ForbiddenException('blocked'), 403, 'blocked'],
    ['another error', () => new Error('database'), 500, 'Internal server error'],
  ])('passes on %s that validate throws', async (_kind, createError, status, message) => {
    class ThrowingStrategy extends AccessTokenStrategy {
      override validate(): unknown {
        throw createError();
      }
    }
    await start(AuthGuard('jwt'), [ThrowingStrategy]);

    const answer = await send(issuer.accessToken());

    expect([answer.status, answer.body.message]).toEqual([status, message]);
  });

  it('passes the request to validate with passReqToCallback, as passport-jwt does', async () => {
    class TenantStrategy extends AccessTokenStrategy {
      constructor() {
        super({ passReqToCallback: true });
      }
      override validate({ headers }: { headers: Record<string, string> }, token: AccessToken) {
        return { userId: token.subject, tenant: headers['x-tenant'] };
      }
    }
    await start(AuthGuard('jwt'), [TenantStrategy]);

    const { body } = await send(issuer.accessToken(), { 'X-Tenant': 'acme' });

    expect(body.user).toEqual({ userId: 'alice', tenant: 'acme' });
  });

  it('gives the second element of the result of validate as info', async () => {
    class InfoStrategy extends AccessTokenStrategy {
      override validate({ subject }: AccessToken) {
        return [{ id: subject }, { plan: 'free' }];
      }
    }
    class InfoGuard extends AuthGuard('jwt') {
      override handleRequest<U>(_error: unknown, user: object, info: object): U {
        return { ...user, ...info } as U;
      }
    }
    await start(InfoGuard, [InfoStrategy]);

    expect((await send(issuer.accessToken())).body.user).toEqual({ id: 'alice', plan: 'free' });
  });

  it('runs under another name beside a strategy of passport-jwt', async () => {
    class OldStrategy extends PassportStrategy(LegacyJwtStrategy) {
      constructor() {
        const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken();
        super({ jwtFromRequest, secretOrKey: 'secret', algorithms: ['HS256'] });
      }
      validate = () => ({ userId: 'legacy' });
    }
    class NamedStrategy extends AccessTokenStrategy {
      constructor() {
        super({ name: 'access' });
      }
    }
    await start(AuthGuard(['access', 'jwt']), [OldStrategy, NamedStrategy]);

    expect((await send(issuer.accessToken())).body.user.subject).toBe('alice');
    expect((await send(signLegacyToken())).body.user).toEqual({ userId: 'legacy' });
    expect(rejections).toEqual([]);
    const refused = await send(issuer.accessToken({ exp: 1 }));
    expect(refused.headers['www-authenticate']).toBe(INVALID_TOKEN);
    expect(rejections).toMatchObject([{ reason: 'expired' }]);
  });

  it('runs as the default strategy of PassportModule, and sets the property that it names', async () => {
    const imports = [PassportModule.register({ defaultStrategy: 'jwt', property: 'account' })];
    await start(AuthGuard(), [JwtStrategy], { imports });

    expect((await send(issuer.accessToken())).body).toEqual({ account: { userId: 'alice' } });
    expect((await send()).headers['www-authenticate']).toBe(NO_TOKEN);
  });

  describe('guard of two strategies', () => {
    class ApiKeyStrategy extends PassportStrategy(PassportCustomStrategy, 'api-key') {
      validate({ headers }: { headers: Record<string, string> }) {
        return headers['x-api-key'] === 'k1' && { userId: 'robot' };
      }
    }
    const startBoth = () => start(AuthGuard(['jwt', 'api-key']), [JwtStrategy, ApiKeyStrategy]);

    it.each([
      ['a call without a token', () => undefined],
      ['an invalid token', () => issuer.accessToken({ aud: 'https://other.example' })],
    ])('tries the next strategy for %s, and reports no refusal', async (_what, token) => {
      await startBoth();

      const { body } = await send(token(), { 'X-Api-Key': 'k1' });

      expect(body).toEqual({ user: { userId: 'robot' } });
      expect(rejections).toEqual([]);
    });

    it('answers with the challenge when every strategy refuses', async () => {
      await startBoth();

      const answer = await send(issuer.accessToken({ exp: 1 }), { 'X-Api-Key': 'k2' });

      expect([answer.status, answer.body]).toEqual([401, UNAUTHORIZED]);
      expect(answer.headers['www-authenticate']).toBe(INVALID_TOKEN);
      expect(rejections).toMatchObject([{ reason: 'expired' }]);
    });
  });

  it('serves AuthGuard and @RequireScopes with one key set and one verification', async () => {
    @Controller()
    class ArchiveController {
      @Get('archive')
      @RequireScopes('archive:read')
      @UseGuards(AuthGuard('jwt'))
      show(@AccessToken() token: AccessToken, @Req() { user }: PassportRequest) {
        return { subject: token.subject, user };
      }
    }
    await start(AuthGuard('jwt'), [JwtStrategy], {
      controllers: [ArchiveController],
      guards: besideAccessTokenGuard,
    });
    const archive = (token: string) =>
      request(app.getHttpServer()).get('/archive').set('Authorization', `Bearer ${token}`);
    const token = issuer.accessToken({ scope: 'archive:read' });

    expect((await send(token)).status).toBe(200);
    expect((await archive(token)).body).toEqual({ subject: 'alice', user: { userId: 'alice' } });
    expect((await archive(issuer.accessToken())).status).toBe(403);
    expect(issuer.fetches).toBe(1);
    expect(rejections).toMatchObject([{ reason: 'insufficient_scope' }]);
  });
});

it.each([
  ['without GuardsModule', JwtStrategy, 'needs GuardsModule: import GuardsModule.forRoot(…) or'],
  [
    'whose strategy was created by a factory',
    { provide: JwtStrategy, useFactory: () => new JwtStrategy() },
    'was created by a factory: list the class in `providers`',
  ],
])('stops the boot of an application %s, and says what to do', async (_what, provider, message) => {
  class AppModule {}
  Module({ providers: [provider] })(AppModule);
  app = await NestFactory.create(AppModule, { logger: false });

  await expect(app.init()).rejects.toThrow(`JwtStrategy ${message}`);
});

it('refuses the mixin PassportStrategy, which would register it for every application', () => {
  class MixedStrategy extends PassportStrategy(AccessTokenStrategy, 'access') {}

  expect(() => new MixedStrategy()).toThrow('MixedStrategy must extend AccessTokenStrategy itself');
});
