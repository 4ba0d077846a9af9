/** One Nest application behind one guard, a process of its own. Says `{ port }` to its parent when it listens. */
import { GuardsModule, RequireScopes } from '@gatehouse/guards';
import { Controller, Get, Injectable, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { auth } from 'express-oauth2-jwt-bearer';
import { Strategy } from 'passport-jwt';
import 'reflect-metadata';
import { stockOptions } from '../verify/stock.mjs';

/** @type {Record<string, new () => any>} */
const ADAPTERS = { express: ExpressAdapter, fastify: FastifyAdapter };

const ORDERS = [{ id: 'ord_1', status: 'paid', total: { amount: 4200, currency: 'EUR' } }];

/**
 * The smallest Nest application with a guard in front of a route, `GET /orders`.
 *
 * @param {string} platform
 * @param {{ imports?: any[], providers?: any[], decorators?: MethodDecorator[], middleware?: Function[] }} guard
 */
export async function application(platform, guard) {
  const { imports, providers, decorators = [], middleware = [] } = guard;
  const controllers = [ordersController(decorators)];
  const root = { module: class Root {}, imports, providers, controllers };
  const app = await NestFactory.create(root, new ADAPTERS[platform](), { logger: ['error'] });
  middleware.forEach((handler) => app.use(handler));
  return app;
}

/**
 * Decorated by hand: Node runs no decorator syntax.
 *
 * @param {any} decorators
 */
function ordersController(decorators) {
  class OrdersController {
    list() {
      return ORDERS;
    }
  }
  const { prototype } = OrdersController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'list') ?? {};
  Reflect.decorate([Get(), ...decorators], prototype, 'list', descriptor);
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
 * @param {{ issuer: any, audience: string, algorithm: any, jwksUri: string }} options
 */
export function gatehouse({ issuer, audience, algorithm, jwksUri }) {
  return {
    imports: [GuardsModule.forRoot({ issuer, audience, algorithms: [algorithm], jwksUri })],
    decorators: [RequireScopes('orders:read')],
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
const GUARDS = { none, gatehouse, stock, 'express-oauth2-jwt-bearer': expressOauth2JwtBearer };

const [platform, guard, settings] = process.argv.slice(2);
const app = await application(platform, GUARDS[guard](JSON.parse(settings)));
await app.listen(0, '127.0.0.1');
process.send?.({ port: app.getHttpServer().address().port });
