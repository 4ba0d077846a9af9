import { Inject, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import 'reflect-metadata';
import { GuardedClass } from '../transports/guarded-class.js';
import { CONNECTION_KEY } from '../nest/handlers.js';
import { ConnectionGate, type GatewayClass } from './connection-gate.js';
import { guardSocketIo, isSocketIoServer } from './socket-io.js';
import { guardWs, isWsServer } from './ws.js';

/** @throws Error for a server of another library, because its connections would be open */
function guardServer(server: object, gate: ConnectionGate): void {
  if (isSocketIoServer(server)) guardSocketIo(server, gate);
  else if (isWsServer(server)) guardWs(server, gate);
  else throw new Error('@GuardedGateway() supports the servers of Socket.IO and ws only');
}

/** A property that Nest sets on every gateway. Its setter installs the gate. */
const GATE = Symbol('gate');

interface Gateway {
  afterInit?(server: object): unknown;
}

/**
 * Guards the connections and messages of a gateway. The decorators of the class and its `handleConnection` decide who
 * may connect; without decorators, any valid token may. The guard checks the token of the handshake again for each
 * message, and the connection closes when the token ends.
 */
export function GuardedGateway(): (gateway: Type<object>) => void {
  return (gateway) => {
    GuardedClass()(gateway);
    const handler = findConnectionHandler(gateway.prototype);
    Reflect.defineMetadata(CONNECTION_KEY, true, handler);
    Object.defineProperty(gateway.prototype, GATE, { set: createGateSetter({ gateway, handler }) });
    Inject(ModuleRef)(gateway.prototype, GATE);
  };
}

/** The rule of this method applies to connections, so a gateway without the method gets one. */
function findConnectionHandler(prototype: object): GatewayClass['handler'] {
  const own: unknown = Reflect.get(prototype, 'handleConnection');
  if (typeof own === 'function') return own;
  const doNothing = () => undefined;
  Object.defineProperty(prototype, 'handleConnection', { value: doNothing, writable: true });
  return doNothing;
}

/** Wraps the instance's `afterInit`, which Nest calls with the server before any client connects. */
function createGateSetter(gatewayClass: GatewayClass) {
  return function (this: Gateway, moduleRef: ModuleRef): void {
    const afterInit = this.afterInit?.bind(this);
    const gate = new ConnectionGate(gatewayClass, moduleRef);
    this.afterInit = (server) => {
      guardServer(server, gate);
      return afterInit?.(server);
    };
  };
}
