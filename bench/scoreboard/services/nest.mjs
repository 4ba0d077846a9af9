import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import 'reflect-metadata';
import { ORDERS, PATH } from './resource.mjs';

/**
 * A Nest application with one guarded handler; decorators are called, because JavaScript has no syntax for them.
 *
 * @param {{ adapter: any, port: number, imports?: any[], providers?: any[], decorators: MethodDecorator[] }} parts
 */
export async function listenNest({ adapter, port, imports = [], providers = [], decorators }) {
  class OrdersController {
    list() {
      return ORDERS;
    }
  }
  class AppModule {}
  for (const decorator of [Get(PATH), ...decorators]) {
    const method = Object.getOwnPropertyDescriptor(OrdersController.prototype, 'list') ?? {};
    decorator(OrdersController.prototype, 'list', method);
  }
  Controller()(OrdersController);
  Module({ imports, providers, controllers: [OrdersController] })(AppModule);

  const app = await NestFactory.create(AppModule, adapter, { logger: false });
  await app.listen(port, '127.0.0.1');
}
