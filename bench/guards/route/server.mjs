/** One Nest application behind one guard, a process of its own. Says `{ port }` to its parent when it listens. */
import { GuardsModule, Public, RequireScopes } from '@gatehouse/guards';
import { Controller, Get, Injectable, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { auth } from 'express-oauth2-jwt-bearer';
import { Strategy } from 'passport-jwt';
import 'reflect-metadata';
import { ON_EVENT_LOOP } from '../plan.mjs';
import { stockOptions } from '../verify/stock.mjs';

/** @type {Record<string, new () => any>} */
const ADAPTERS = { express: ExpressAdapter, fastify: FastifyAdapter };

const ORDERS = [{ id: 'ord_1', status: 'paid', total: { amount: 4200, currency: 'EUR' } }];

/**
 * The smallest Nest application with a guard in front of a route, `GET /orders`. `GET /orders/open` needs no token.
 *
 * @param {string} platform
 * @param {Guard} guard
 * @typedef {{ imports?: any[], providers?: any[], decorators?: MethodDecorator[], open?: MethodDecorator[], middleware?: Function[] }} Guard
 */
export async function application(platform, guard) {
  const { imports, providers, decorators = [], open = [], middleware = [] } = guard;
  const controllers = [
    ordersController({ list: [Get(), ...decorators], open: [Get('open'), ...open] }),
  ];
  const root = { module: class Root {}, imports, providers, controllers };
  const app = await NestFactory.create(root, new ADAPTERS[platform](), { logger: ['error'] });
  middleware.forEach((handler) => app.use(handler));
  return app;
}

/**
 * Decorated by hand: Node runs no decorator syntax.
 *
 * @param {Record<string, MethodDecorator[]>} decorators of each method
 */
function ordersController(decorators) {
  class OrdersController {
    list() {
      return ORDERS;
    }

    open() {
      return [];
    }
  }
  const { prototype } = OrdersController;
  for (const [name, all] of Object.entries(decorators)) {
    Reflect.decorate(all, prototype, name, Object.getOwnPropertyDescriptor(prototype, name) ?? {});
  }
  Controller('orders')(OrdersController);
  return OrdersController;
}

/**
 * Express middleware, before Nest sees the request.
 *
 * @param {{ issuer: any, audience: string, algorithm: any, jwksUri: string }} options
 */
export function expressOauth2JwtBearer({ issuer, audience, algorithm, jwksUri }) {
  return { middleware: [auth({ issuer, audience, jwksUri, tokenSigningAlg: algorithm })] };
}

/**
 * As its documentation says. It checks a scope too, because a handler that requires nothing does not start.
 *
 * @param {{ issuer: any, audience: string, algorithm: any, jwksUri: string }} settings
 * @param {{ maxPooledSignatures?: number }} [options]
 */
export function gatehouse({ issuer, audience, algorithm, jwksUri }, options = {}) {
  const trusted = { issuer, audience, algorithms: [algorithm], jwksUri };
  return {
    imports: [GuardsModule.forRoot({ ...trusted, ...options })],
    decorators: [RequireScopes('orders:read')],
    open: [Public()],
  };
}

/** What everything else is compared with. */
export function none() {
  return {};
}

/**
 * The recipe of Nest's documentation, with jwks-rsa's for the keys.
 *
 * @param {any} settings
 */
export function stock(settings) {
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super(stockOptions(settings));
    }

    /** @param {{ sub: string, scope: any }} options */
    validate({ sub, scope }) {
      return { sub, scope };
    }
  }
  Injectable()(JwtStrategy);
  return {
    imports: [PassportModule],
    providers: [JwtStrategy],
    decorators: [UseGuards(AuthGuard('jwt'))],
  };
}

/** @type {Record<string, (settings: any) => object>} */
const GUARDS = {
  none,
  gatehouse,
  [ON_EVENT_LOOP]: (settings) => gatehouse(settings, { maxPooledSignatures: 0 }),
  stock,
  'express-oauth2-jwt-bearer': expressOauth2JwtBearer,
};

const [platform, guard, settings] = process.argv.slice(2);
const app = await application(platform, GUARDS[guard](JSON.parse(settings)));
await app.listen(0, '127.0.0.1');
process.send?.({ port: app.getHttpServer().address().port });
