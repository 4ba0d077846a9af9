/** One Nest application that protects `GET /orders` in one of five ways. Sends `{ port }` to its parent when it listens. */
import { GuardsModule, RequireScopes } from '@gatehouse/guards';
import { introspection } from '@gatehouse/guards/introspection';
import { Controller, Get, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import Database from 'better-sqlite3';
import 'reflect-metadata';

const ORDERS = [{ id: 'ord_1', status: 'paid', total: { amount: 4200, currency: 'EUR' } }];

/** @typedef {{ issuer: any, audience: string, client: { id: string, secret: string }, authOrigin: string, sessions: string }} Settings */

/** @param {Settings} settings @param {object} rules */
function jwt({ issuer, audience, authOrigin }, rules) {
  const jwksUri = `${authOrigin}/.well-known/jwks.json`;
  return guarded({ issuer, audience, algorithms: ['ES256'], jwksUri, ...rules });
}

/** @param {Settings} settings @param {number} cacheSeconds */
function introspected({ issuer, audience, client, authOrigin }, cacheSeconds) {
  const endpoint = `${authOrigin}/oauth/introspect`;
  const opaqueTokens = introspection({ issuer, endpoint, audience, client, cacheSeconds });
  return guarded({ audience, opaqueTokens });
}

/** @param {any} options */
function guarded(options) {
  return {
    imports: [GuardsModule.forRoot({ ...options, logsRejections: false })],
    decorator: RequireScopes('orders:read'),
  };
}

/** A session in a database of the service. Each request reads its row. */
class SessionGuard {
  /** @param {string} path */
  constructor(path) {
    this.find = new Database(path).prepare('SELECT subject FROM session WHERE id = ?');
  }

  /** @param {import('@nestjs/common').ExecutionContext} context */
  canActivate(context) {
    const { authorization = '' } = context.switchToHttp().getRequest().headers;
    if (this.find.get(authorization.slice('Bearer '.length))) return true;
    throw new UnauthorizedException();
  }
}

/** @type {Record<string, (settings: Settings) => { imports?: any[], decorator: MethodDecorator }>} */
const WAYS = {
  jwt: (settings) => jwt(settings, { ignoresTokenStatus: true }),
  'status list': (settings) => jwt(settings, { statusListsOrigin: settings.authOrigin }),
  introspection: (settings) => introspected(settings, 10),
  'introspection, no cache': (settings) => introspected(settings, 0),
  session: ({ sessions }) => ({ decorator: UseGuards(new SessionGuard(sessions)) }),
};

const [way, settings] = process.argv.slice(2);
const { imports, decorator } = WAYS[way](JSON.parse(settings));

class OrdersController {
  list() {
    return ORDERS;
  }
}
const descriptor = Object.getOwnPropertyDescriptor(OrdersController.prototype, 'list') ?? {};
Reflect.decorate([Get(), decorator], OrdersController.prototype, 'list', descriptor);
Controller('orders')(OrdersController);

const root = { module: class Root {}, imports, controllers: [OrdersController] };
const app = await NestFactory.create(root, new FastifyAdapter(), { logger: ['error'] });
await app.listen(0, '127.0.0.1');
process.send?.({ port: app.getHttpServer().address().port });
