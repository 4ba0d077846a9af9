import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  type INestApplication,
  Inject,
  Module,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import request from 'supertest';
import { GuardsModule, Public, TrustedIssuers } from '../../src/index.js';
import { TestIssuer } from '../../testing/index.js';
import { guardedApp, platforms, start } from '../support/guarded-app.js';

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
