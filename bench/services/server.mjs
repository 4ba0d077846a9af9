/** Orders on one platform, a process of its own. Says `{ port }` to its parent when it listens. */
import { AccessTokenGuard } from '@gatehouse/guards';
import { createService } from '@gatehouse/service-kit';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import 'reflect-metadata';
import { importBuilt } from '../../tools/workspace.mjs';
import { PERSON } from './plan.mjs';

const { AppModule } = await importBuilt('apps/orders/dist', 'AppModule');
const { ordersConfig } = await importBuilt('apps/orders/dist', 'ordersConfig');
const { serviceOptions } = await importBuilt('apps/orders/dist', 'serviceOptions');
const { setAdmission } = await importBuilt('libs/guards/dist/src', 'setAdmission');

/**
 * The module is the same everywhere. `service` adds logs, load shedding and security headers.
 *
 * @type {Record<string, (config: any) => Promise<any>>}
 */
const PLATFORMS = {
  express: (config) => bare(config, new ExpressAdapter()),
  fastify: (config) => bare(config, new FastifyAdapter()),
  service: (config) => createService(AppModule.forRoot(config), serviceOptions(config)),
};

/** @param {any} config @param {any} adapter */
const bare = (config, adapter) =>
  NestFactory.create(AppModule.forRoot(config), adapter, { logger: ['error'] });

/** Accepts every caller as one user and asks no policy. Nest does the same work as for a handler with a guard. */
function withoutGuard() {
  const token = { subject: PERSON, scopes: new Set(['orders:read', 'orders:write']) };
  AccessTokenGuard.prototype.canActivate = (/** @type {any} */ context) => {
    setAdmission(context, { token });
    return true;
  };
}

const [platform, guard] = process.argv.slice(2);
if (guard === 'unguarded') withoutGuard();
const app = await PLATFORMS[platform](ordersConfig());
await app.listen(0, '127.0.0.1');
process.send?.({ port: app.getHttpServer().address().port });
