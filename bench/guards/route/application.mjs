import 'reflect-metadata';
import { Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

const ADAPTERS = { express: ExpressAdapter, fastify: FastifyAdapter };

const ORDERS = [{ id: 'ord_1', status: 'paid', total: { amount: 4200, currency: 'EUR' } }];

/**
 * The smallest Nest application with a guard in front of a route, `GET /orders`.
 * @param {'express' | 'fastify'} platform
 * @param {{ imports?: object[], providers?: object[], decorators?: MethodDecorator[], middleware?: Function[] }} guard
 */
export async function application(platform, guard) {
  const { imports, providers, decorators = [], middleware = [] } = guard;
  const controllers = [ordersController(decorators)];
  const root = { module: class Root {}, imports, providers, controllers };
  const app = await NestFactory.create(root, new ADAPTERS[platform](), { logger: ['error'] });
  middleware.forEach((handler) => app.use(handler));
  return app;
}

/** Decorated by hand: Node runs no decorator syntax. */
function ordersController(decorators) {
  class OrdersController {
    list() {
      return ORDERS;
    }
  }
  const { prototype } = OrdersController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'list');
  Reflect.decorate([Get(), ...decorators], prototype, 'list', descriptor);
  Controller('orders')(OrdersController);
  return OrdersController;
}
