/** A handler that does nothing, on one platform, a process of its own. Sends `{ port }` to its parent when it listens. */
import { createService, HealthModule, ServiceModule } from '@gatehouse/service-kit';
import { Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import 'reflect-metadata';
import { importBuilt } from '../../tools/workspace.mjs';

const { startTracing } = await importBuilt('libs/service-kit/dist', 'startTracing');

/** Decorated by hand: Node runs no decorator syntax. */
class EmptyController {
  read() {
    return { ok: true };
  }
}
const { prototype } = EmptyController;
const descriptor = Object.getOwnPropertyDescriptor(prototype, 'read') ?? {};
Reflect.decorate([Get()], prototype, 'read', descriptor);
Controller('empty')(EmptyController);

const bare = { module: class Bare {}, controllers: [EmptyController] };

const service = {
  module: class Service {},
  imports: [
    ServiceModule.forRoot({ name: 'empty' }),
    HealthModule.forRootAsync({ inject: [], useFactory: () => ({}) }),
  ],
  controllers: [EmptyController],
};

/** @param {object} [options] */
const start = (options) => createService(service, { name: 'empty', logLevel: 'warn', ...options });

const METRICS = { metrics: { host: '127.0.0.1', port: 0 } };

/** @type {Record<string, (collector: string) => Promise<any>>} */
const VARIANTS = {
  fastify: () => NestFactory.create(bare, new FastifyAdapter(), { logger: ['error'] }),
  service: () => start(),
  'service, logs': () => start({ logLevel: 'info' }),
  'service, origins': () => start({ corsOrigins: ['https://app.example.com'] }),
  'service, metrics': () => start(METRICS),
  'service, metrics and traces': (collector) => {
    startTracing({ name: 'empty', endpoint: collector, ratio: 1 });
    return start(METRICS);
  },
};

const [variant, collector] = process.argv.slice(2);
const app = await VARIANTS[variant](collector);
await app.listen(0, '127.0.0.1');
process.send?.({ port: app.getHttpServer().address().port });
