import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  type LoggerService,
  Module,
  type Provider,
  Req,
  Scope,
  type Type,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import request from 'supertest';
import {
  AccessRules,
  AccessToken,
  GuardsConfigurationError,
  GuardsModule,
  type GuardsOptions,
  OptionalToken,
  Public,
  RequireScopes,
  UnguardedHandlers,
} from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { platforms } from '../support/guarded-app.js';

interface UserRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  user?: unknown;
}

/** Like a guard that a service had before: another credential, and a `user` of its own. */
class ApiKeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const call = context.switchToHttp().getRequest<UserRequest>();
    if (call.headers['x-api-key'] !== 'old') throw new UnauthorizedException();
    return true;
  }
}

@Controller('legacy')
class LegacyController {
  @Get('reports')
  @UseGuards(ApiKeyGuard)
  reports() {
    return {};
  }

  @Get('forgotten')
  forgotten() {
    return {};
  }

  @Get('migrated')
  @RequireScopes('orders:read')
  migrated(@AccessToken() token: AccessToken) {
    return { subject: token.subject };
  }
}

/** Like the controllers of packages, which cannot carry our decorators. */
@Controller('metrics')
class PrometheusController {
  @Get()
  index() {
    return {};
  }
}

@Controller('queues')
class BullBoardController {
  @Get()
  board() {
    return {};
  }
}

let issuer: TestIssuer;
let app: INestApplication | undefined;
let lines: string[];

beforeAll(async () => {
  issuer = await TestIssuer.start();
});
beforeEach(() => {
  lines = [];
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});
afterAll(() => issuer.close());

const record = (level: string) => (message: unknown, context: unknown) => {
  if (context === 'GuardsModule') lines.push(`${level} ${String(message)}`);
};
const errors: string[] = [];
const logger: LoggerService = {
  log: record('log'),
  warn: record('warn'),
  error: (message) => errors.push(String(message)),
};

type Adapter = () => ExpressAdapter | FastifyAdapter;
const express: Adapter = () => new ExpressAdapter();

async function launch(
  adapter: Adapter,
  { imports = [], ...changes }: Partial<GuardsOptions> & { readonly imports?: Type[] },
  controllers: Type[],
): Promise<void> {
  const guards = GuardsModule.forRoot(Object.assign({ ...issuer.options }, changes));
  class AppModule {}
  Module({ imports: [guards, ...imports], controllers })(AppModule);
  app = await NestFactory.create(AppModule, adapter(), { logger, abortOnError: false });
  await app.listen(0, '127.0.0.1');
}

const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  request(app?.getHttpServer()).get(path).set(headers);
const bearer = (scope = 'orders:read', sub = 'alice') => ({
  authorization: `Bearer ${issuer.accessToken({ scope, sub })}`,
});

describe.each(platforms)('undeclaredHandlers: reportTemporarily, on %s', (_platform, adapter) => {
  const undeclaredHandlers = 'reportTemporarily';

  it('starts, and leaves undeclared handlers to the guards that they have', async () => {
    await launch(adapter, { undeclaredHandlers }, [LegacyController]);

    expect((await get('/legacy/reports')).status).toBe(401);
    expect((await get('/legacy/reports', { 'x-api-key': 'old' })).status).toBe(200);
    expect((await get('/legacy/forgotten')).status).toBe(200);
    expect((await get('/legacy/migrated', { 'x-api-key': 'old' })).status).toBe(401);
    expect((await get('/legacy/migrated', bearer())).body).toEqual({ subject: 'alice' });
  });

  it('logs each undeclared handler with its other guards, and their number', async () => {
    await launch(adapter, { undeclaredHandlers }, [LegacyController]);

    expect(lines).toEqual([
      'warn LegacyController.reports has no access decorator, and is left to ApiKeyGuard',
      'warn LegacyController.forgotten has no access decorator, and NO OTHER GUARD was found: it may be open',
      'warn 2 handlers have no access decorator (temporarily)',
    ]);
  });

  it('names another global guard in the log, in any order of the modules', async () => {
    @Module({ providers: [{ provide: APP_GUARD, useClass: ApiKeyGuard }] })
    class OldModule {}
    await launch(adapter, { undeclaredHandlers, imports: [OldModule] }, [BullBoardController]);

    expect(lines[0]).toBe(
      'warn BullBoardController.board has no access decorator, and is left to ApiKeyGuard',
    );
  });

  it.each<[string, Provider, string]>([
    ['a value', { provide: APP_GUARD, useValue: new ApiKeyGuard() }, 'ApiKeyGuard'],
    ['a factory', { provide: APP_GUARD, useFactory: () => new ApiKeyGuard() }, 'ApiKeyGuard'],
    [
      'a factory for each request',
      { provide: APP_GUARD, scope: Scope.REQUEST, useFactory: () => new ApiKeyGuard() },
      'NO OTHER GUARD',
    ],
  ])('starts with a global guard by %s', async (_how, guard, words) => {
    @Module({ providers: [guard] })
    class OldModule {}
    await launch(adapter, { undeclaredHandlers, imports: [OldModule] }, [BullBoardController]);

    expect(lines[0]).toContain(words);
    expect((await get('/queues')).status).toBe(401);
  });

  it('lists the undeclared handlers, so that CI can count down', async () => {
    await launch(adapter, { undeclaredHandlers }, [LegacyController]);
    const undeclared = app?.get(AccessRules).undeclared() ?? [];

    expect(undeclared.map(({ controller, handler }) => `${controller}.${handler}`)).toEqual([
      'LegacyController.reports',
      'LegacyController.forgotten',
    ]);
    expect(undeclared[0]).toMatchObject({ kind: 'HTTP', access: 'undeclared', scopes: [] });
  });
});

it('stops the start with `reportTemporarily` for every other mistake', async () => {
  @Controller('torn')
  class TornController {
    @Get()
    @Public()
    @RequireScopes('orders:read')
    torn() {}
  }
  const changes = { undeclaredHandlers: 'reportTemporarily' } as const;

  await expect(launch(express, changes, [TornController, LegacyController])).rejects.toMatchObject({
    handlers: ['TornController.torn: has contradictory access decorators, open and restricted'],
  });
});

describe('lists of controllers', () => {
  it.each([
    ['classes', [PrometheusController, BullBoardController]],
    ['names', ['PrometheusController', 'BullBoardController']],
    ['patterns', ['Prometheus*', 'Bull*Controller']],
    ['regular expressions', [/^(?:Prometheus|Bull)/g]],
  ])('open the controllers that `publicControllers` gives as %s', async (_how, list) => {
    await launch(express, { publicControllers: list }, [PrometheusController, BullBoardController]);

    expect((await get('/metrics')).status).toBe(200);
    expect((await get('/queues')).status).toBe(200);
    expect(app?.get(AccessRules).table()).toMatchObject([
      { controller: 'PrometheusController', access: 'public' },
      { controller: 'BullBoardController', access: 'public' },
    ]);
  });

  it('the boot audit logs the classes that a name or a pattern matches, because it may match too many', async () => {
    const publicControllers = ['*Controller'];
    await launch(express, { publicControllers }, [PrometheusController, BullBoardController]);

    expect(lines).toEqual([
      'log `publicControllers`: *Controller matches PrometheusController, BullBoardController',
    ]);
  });

  it.each(['publicControllers', 'guardedElsewhere'])(
    'the boot audit stops the start if a pattern of `%s` matches no class, and names the classes',
    async (option) => {
      const changes = { [option]: ['PrometeusController', /Bulll/] };
      const starting = launch(express, changes, [PrometheusController, BullBoardController]);

      await expect(starting).rejects.toThrow(GuardsConfigurationError);
      const classes = 'PrometheusController, BullBoardController';
      await expect(starting).rejects.toMatchObject({
        faults: [
          `\`${option}\`: PrometeusController matches no class. There are: ${classes}`,
          `\`${option}\`: /Bulll/ matches no class. There are: ${classes}`,
        ],
      });
    },
  );

  it('the boot audit stops the start when `publicControllers` names a handler that requires a token', async () => {
    const starting = launch(express, { publicControllers: ['Legacy*'] }, [LegacyController]);

    await expect(starting).rejects.toMatchObject({
      handlers: [
        'LegacyController.migrated: has access decorators, and `publicControllers` opens its class: remove one',
      ],
    });
  });

  it('the guards leave a class in `guardedElsewhere` to its other guards, and guard its migrated handlers', async () => {
    await launch(express, { guardedElsewhere: [LegacyController] }, [LegacyController]);

    expect((await get('/legacy/reports')).status).toBe(401);
    expect((await get('/legacy/reports', { 'x-api-key': 'old' })).status).toBe(200);
    expect((await get('/legacy/migrated')).status).toBe(401);
    expect((await get('/legacy/migrated', bearer())).status).toBe(200);
    const rows = app
      ?.get(AccessRules)
      .table()
      .map(({ handler, access }) => [handler, access]);
    expect(rows).toEqual([
      ['reports', 'elsewhere'],
      ['forgotten', 'elsewhere'],
      ['migrated', 'token'],
    ]);
  });

  it('the boot audit warns about a handler in `guardedElsewhere` without another guard', async () => {
    await launch(express, { guardedElsewhere: [LegacyController] }, [LegacyController]);

    expect(lines).toEqual([
      'warn LegacyController.forgotten is in `guardedElsewhere`, and NO OTHER GUARD was found: it may be open',
    ]);
  });
});

describe('error at the start', () => {
  it('names the decorator for each handler, and the option for classes of packages', async () => {
    const starting = launch(express, {}, [LegacyController, PrometheusController]);
    const advice = (name: string) =>
      `has no access decorator: add @RequireScopes(…), @Public() or @OptionalToken(), or set \`publicControllers: [${name}]\` if it is a class of a package`;

    await expect(starting).rejects.toThrow(UnguardedHandlers);
    await expect(starting).rejects.toMatchObject({
      handlers: [
        `LegacyController.reports: ${advice('LegacyController')}`,
        `LegacyController.forgotten: ${advice('LegacyController')}`,
        `PrometheusController.index: ${advice('PrometheusController')}`,
      ],
      message: expect.stringMatching(/guardedElsewhere.*undeclaredHandlers: 'reportTemporarily'/),
    });
  });
});

describe.each(platforms)('option `user` on %s', (_platform, adapter) => {
  @Controller()
  class ProfilesController {
    @Get('profile')
    @RequireScopes('orders:read')
    profile(@Req() { user }: UserRequest, @AccessToken() token: AccessToken) {
      return { user, subject: token.subject };
    }

    @Get('greeting')
    @OptionalToken()
    greeting(@Req() { user }: UserRequest) {
      return { user: user ?? 'none' };
    }

    @Get('open')
    @Public()
    open() {
      return {};
    }
  }

  it('fills `request.user` in the form that the handlers expect', async () => {
    const user = ({ subject, scopes }: AccessToken) => ({ userId: subject, can: [...scopes] });
    await launch(adapter, { user }, [ProfilesController]);

    expect((await get('/profile', bearer())).body).toEqual({
      user: { userId: 'alice', can: ['orders:read'] },
      subject: 'alice',
    });
  });

  it('the guard does not call it for public handlers, nor without a token', async () => {
    const calls: string[] = [];
    const user = ({ subject }: AccessToken) => calls.push(subject);
    await launch(adapter, { user }, [ProfilesController]);
    await get('/open', bearer());
    expect((await get('/greeting')).body).toEqual({ user: 'none' });
    expect((await get('/profile')).status).toBe(401);
    expect(calls).toEqual([]);

    expect((await get('/greeting', bearer())).body).toEqual({ user: 1 });
    expect(calls).toEqual(['alice']);
  });

  it.each([
    ['throws', () => JSON.parse('{'), /`user` of GuardsModule has failed/],
    [
      'throws an HttpException',
      () => {
        throw new UnauthorizedException();
      },
      /`user` of GuardsModule has failed/,
    ],
    ['returns a promise', async () => JSON.parse('{'), /must be synchronous/],
  ])('answers 500 and logs the mistake if it %s', async (_how, user, message) => {
    await launch(adapter, { user }, [ProfilesController]);
    errors.length = 0;

    expect((await get('/profile', bearer())).status).toBe(500);
    expect(errors.join()).toMatch(message);
  });
});
