import { Controller, Get, type INestApplication, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  AccessToken,
  GuardsModule,
  type GuardsOptions,
  Public,
  RequireScopes,
} from '../../src/index.js';

/** The public address of an application. The test server listens on a loopback port. */
export const API = 'https://api.example';

export const platforms: [name: string, adapter: () => ExpressAdapter | FastifyAdapter][] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
];
// Without the packages of the tests, Jest resolves Express to Fastify, and each test runs once.
if (ExpressAdapter.name === FastifyAdapter.name) platforms.shift();

@Controller()
@RequireScopes('orders:read')
export class OrdersController {
  @Get('orders')
  @RequireScopes('orders:read')
  list(@AccessToken() token: AccessToken) {
    return { subject: token.subject, scopes: [...token.scopes] };
  }

  @Get('orders/archive')
  @RequireScopes('orders:archive')
  archive() {
    return {};
  }

  @Get('prices')
  @Public()
  prices() {
    return { open: true };
  }
}

export async function guardedApp(
  adapter: () => ExpressAdapter | FastifyAdapter,
  options: GuardsOptions,
  controllers: Type[] = [OrdersController],
): Promise<INestApplication> {
  return start(adapter, [GuardsModule.forRoot(options)], controllers);
}

export async function start(
  adapter: () => ExpressAdapter | FastifyAdapter,
  imports: NonNullable<Parameters<typeof Module>[0]['imports']>,
  controllers: Type[] = [OrdersController],
): Promise<INestApplication> {
  class AppModule {}
  Module({ imports, controllers })(AppModule);
  const app = await NestFactory.create(AppModule, adapter(), {
    logger: false,
    abortOnError: false,
  });
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}
