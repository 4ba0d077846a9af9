import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  type INestApplication,
  Inject,
  Injectable,
  Module,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import request from 'supertest';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import {
  AccessRules,
  AccessToken,
  AccessTokenGuard,
  auth0,
  GUARDS_OPTIONS,
  GuardsConfigurationError,
  GuardsModule,
  type GuardsOptions,
  type GuardsOptionsFactory,
  keycloak,
  Public,
  RequireScopes,
  TrustedIssuers,
  UnguardedHandlers,
} from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { guardedApp, OrdersController, platforms, start } from '../support/guarded-app.js';

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

describe('GuardsModule.forRootAsync()', () => {
  class Configuration {
    readonly audience = 'https://configured.example';
  }
  @Module({ providers: [Configuration], exports: [Configuration] })
  class ConfigurationModule {}

  const module = () =>
    GuardsModule.forRootAsync({
      imports: [ConfigurationModule],
      inject: [Configuration],
      useFactory: async ({ audience }: Configuration) => ({ ...issuer.options, audience }),
    });

  it.each(platforms)('takes its options from other providers on %s', async (_platform, adapter) => {
    app = await start(adapter, [module()]);
    const token = issuer.accessToken({ scope: 'orders:read', aud: 'https://configured.example' });
    const answer = await request(app.getHttpServer())
      .get('/orders')
      .set('Authorization', `Bearer ${token}`);

    expect(answer.status).toBe(200);
  });
});

describe('options of a provider', () => {
  @Injectable()
  class Configuration {
    readonly audience = 'https://configured.example';
  }
  @Injectable()
  class GuardsConfiguration implements GuardsOptionsFactory {
    constructor(private readonly configuration: Configuration) {}

    createGuardsOptions(): GuardsOptions {
      return { ...issuer.options, audience: this.configuration.audience };
    }
  }
  @Module({
    providers: [Configuration, GuardsConfiguration],
    exports: [Configuration, GuardsConfiguration],
  })
  class ConfigurationModule {}

  const imports = [ConfigurationModule];

  it.each([
    ['useClass', () => GuardsModule.forRootAsync({ imports, useClass: GuardsConfiguration })],
    ['useExisting', () => GuardsModule.forRootAsync({ imports, useExisting: GuardsConfiguration })],
  ])('come from createGuardsOptions() with `%s`', async (_way, createModule) => {
    for (const [, adapter] of platforms) {
      app = await start(adapter, [createModule()]);
      const status = async (aud: string) => {
        const token = issuer.accessToken({ scope: 'orders:read', aud });
        const call = request(app?.getHttpServer()).get('/orders');
        return (await call.set('Authorization', `Bearer ${token}`)).status;
      };

      expect(await status('https://configured.example')).toBe(200);
      expect(await status('https://api.example')).toBe(401);
      await app.close();
    }
    app = undefined;
  });

  it('the module refuses options of a provider without one of the three ways', () => {
    const nothing = JSON.parse('{}');
    expect(() => GuardsModule.forRootAsync(nothing)).toThrow(/useFactory, useClass or useExisting/);
  });

  it('wrong options stop the start, and the error names all faults', async () => {
    const useFactory = () => ({ ...issuer.options, audience: '' });
    const starting = start(() => new ExpressAdapter(), [GuardsModule.forRootAsync({ useFactory })]);

    await expect(starting).rejects.toThrow(GuardsConfigurationError);
  });
});

describe('GUARDS_OPTIONS', () => {
  it.each([
    ['forRoot()', (options: GuardsOptions) => GuardsModule.forRoot(options)],
    [
      'forRootAsync()',
      (options: GuardsOptions) => GuardsModule.forRootAsync({ useFactory: () => options }),
    ],
  ])('can be overridden in a test of an application with constants in %s', async (_how, create) => {
    const options: GuardsOptions = {
      issuer: 'https://auth.example',
      audience: 'https://orders.example',
      algorithms: ['ES256'],
    };
    const testing = await Test.createTestingModule({
      imports: [create(options)],
      controllers: [OrdersController],
    })
      .overrideProvider(GUARDS_OPTIONS)
      .useValue({ ...options, ...issuer.options })
      .compile();
    app = testing.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const token = issuer.accessToken({ scope: 'orders:read' });
    const call = request(app.getHttpServer()).get('/orders');

    expect((await call.set('Authorization', `Bearer ${token}`)).status).toBe(200);
  });
});

describe('issuers of an application in a test', () => {
  /** The configuration of production, which the test changes without casts. */
  const production: GuardsOptions = {
    audience: 'https://api.example',
    issuers: [
      keycloak({ url: 'https://sso.example.com', realm: 'shop' }),
      auth0({ domain: 'example.eu.auth0.com' }),
    ],
  };

  it('a test replaces the keys by those of a TestIssuer and keeps the rules of the preset', async () => {
    const [realm, tenant] = production.issuers ?? [];
    if (!realm || !tenant) throw new Error('No issuers');
    const testing = await Test.createTestingModule({
      imports: [GuardsModule.forRoot(production)],
      controllers: [OrdersController],
    })
      .overrideProvider(GUARDS_OPTIONS)
      .useValue({
        ...production,
        issuers: [{ ...realm, ...issuer.options, jwksUri: issuer.jwksUri }, tenant],
      } satisfies GuardsOptions)
      .compile();
    app = testing.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const send = async (claims: object) => {
      const token = issuer.accessToken({ scope: 'orders:read', azp: 'shop', ...claims });
      const call = request(app?.getHttpServer()).get('/orders');
      return (await call.set('Authorization', `Bearer ${token}`)).status;
    };

    expect(await send({ typ: 'Bearer' })).toBe(200);
    expect(await send({ typ: 'ID' })).toBe(401);
  });

  it('TypeScript accepts issuers that map() makes from a list, without a cast', () => {
    const { issuers = [], ...rest } = production;
    const changed: GuardsOptions = {
      ...rest,
      issuers: issuers.map((one) => ({ ...one, jwksUri: issuer.jwksUri })),
    };

    expect(changed.issuers).toHaveLength(2);
  });
});

describe.each(platforms)('GuardsModule.forFeature() on %s', (_platform, adapter) => {
  @Controller('first')
  @UseGuards(AccessTokenGuard)
  @RequireScopes('orders:read')
  class FirstController {
    @Get()
    list(@AccessToken() token: AccessToken) {
      return { subject: token.subject };
    }
  }

  @Controller('old')
  class OldController {
    @Get()
    list() {
      return {};
    }

    @Get('migrated')
    @UseGuards(AccessTokenGuard)
    @RequireScopes('orders:read')
    migrated() {
      return {};
    }
  }

  const launch = (...controllers: Type[]) =>
    start(adapter, [GuardsModule.forFeature(issuer.options)], controllers);
  const get = (path: string, scope?: string) => {
    const call = request(app?.getHttpServer()).get(path);
    if (scope === undefined) return call;
    return call.set('Authorization', `Bearer ${issuer.accessToken({ scope })}`);
  };

  it('guards the classes and handlers with @UseGuards(AccessTokenGuard), and no others', async () => {
    app = await launch(FirstController, OldController);

    expect((await get('/first', 'orders:read')).body).toEqual({ subject: 'alice' });
    expect((await get('/first', 'other')).status).toBe(403);
    expect((await get('/old')).status).toBe(200);
    expect((await get('/old/migrated', 'orders:read')).status).toBe(200);
    const refused = await get('/old/migrated');
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toContain('scope="orders:read"');
  });

  it('serves the metadata document, and lists the guarded handlers only', async () => {
    app = await launch(FirstController, OldController);
    const answer = await get('/.well-known/oauth-protected-resource');

    expect(answer.body).toMatchObject({ scopes_supported: ['orders:read'] });
    const rows = app.get(AccessRules).table();
    expect(rows.map(({ handler }) => handler)).toEqual(['list', 'migrated']);
  });

  it('stops the start for a handler with requirements that no guard reaches', async () => {
    @Controller()
    class ForgottenController {
      @Get()
      @RequireScopes('orders:read')
      list() {}
    }
    const faults = [
      'ForgottenController.list: has access decorators, but AccessTokenGuard does not run here: add @UseGuards(AccessTokenGuard)',
    ];
    await expect(launch(ForgottenController)).rejects.toMatchObject({ handlers: faults });
  });

  it('stops the start for a handler with the guard and without an access decorator', async () => {
    @Controller()
    @UseGuards(AccessTokenGuard)
    class UndeclaredController {
      @Get()
      list() {}
    }
    await expect(launch(UndeclaredController)).rejects.toThrow(UnguardedHandlers);
  });

  it('takes its options from other providers with forFeatureAsync()', async () => {
    const guards = GuardsModule.forFeatureAsync({ useFactory: () => issuer.options });
    app = await start(adapter, [guards], [FirstController, OldController]);

    expect((await get('/first')).status).toBe(401);
    expect((await get('/old')).status).toBe(200);
  });
});

describe('GuardsModule set up twice', () => {
  it.each([
    ['forRoot() and forRoot()', () => GuardsModule.forRoot(issuer.options)],
    ['forRoot() and forFeature()', () => GuardsModule.forFeature(issuer.options)],
  ])('stops the start with %s, and says why', async (_how, again) => {
    @Module({ imports: [again()] })
    class OtherModule {}
    const imports = [GuardsModule.forRoot(issuer.options), OtherModule];

    await expect(start(() => new ExpressAdapter(), imports)).rejects.toThrow(
      'call forRoot() or forFeature() once, not 2 times: the module is global',
    );
  });

  it('starts if two modules import the same set-up', async () => {
    const guards = GuardsModule.forRoot(issuer.options);
    @Module({ imports: [guards] })
    class OtherModule {}
    app = await start(() => new ExpressAdapter(), [guards, OtherModule]);

    expect((await request(app.getHttpServer()).get('/orders')).status).toBe(401);
  });
});

describe('catch-all filter in a module that is imported first', () => {
  @Catch()
  class CatchAll implements ExceptionFilter {
    catch(_error: unknown, host: ArgumentsHost) {
      throw new Error(`called for ${host.getType()}`);
    }
  }
  @Module({ providers: [{ provide: APP_FILTER, useClass: CatchAll }] })
  class FiltersModule {}

  it.each(platforms)(
    'does not replace the answers of the guard on %s',
    async (_platform, adapter) => {
      app = await start(adapter, [FiltersModule, GuardsModule.forRoot(issuer.options)]);
      const answer = await request(app.getHttpServer()).get('/orders');

      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('resource_metadata');
    },
  );
});

describe('TrustedIssuers', () => {
  it.each(platforms)('serves a readiness probe by injection on %s', async (_platform, adapter) => {
    @Controller('ready')
    @Public()
    class ReadyController {
      constructor(@Inject(TrustedIssuers) private readonly keys: TrustedIssuers) {}

      @Get()
      async ready() {
        await this.keys.ready();
      }
    }
    app = await guardedApp(adapter, issuer.options, [ReadyController]);

    expect((await request(app.getHttpServer()).get('/ready')).status).toBe(200);
    expect(issuer.fetches).toBe(1);
  });
});
