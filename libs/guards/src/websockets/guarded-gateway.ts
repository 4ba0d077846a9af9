import { Inject, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import 'reflect-metadata';
import { GuardedClass } from '../nest/guarded-class.js';
import { markAsConnection } from '../nest/handlers.js';
import { ConnectionGate, type GatewayClass } from './connection-gate.js';
import { guardSocketIo, isSocketIoServer } from './socket-io.js';
import { guardWs, isWsServer } from './ws.js';

/** @throws Error when it is of neither library: its connections would be open */
export function guardServer(server: object, gate: ConnectionGate): void {
  if (isSocketIoServer(server)) guardSocketIo(server, gate);
  else if (isWsServer(server)) guardWs(server, gate);
  else throw new Error('@GuardedGateway() guards servers of Socket.IO and of ws: this is neither');
}

/** A property that Nest injects into every gateway, which is when the gateway gets its gate. */
const GATE = Symbol('gate');

interface Gateway {
  afterInit?(server: object): unknown;
}

/**
 * A gateway whose connections and messages are guarded. A client may connect with what the class and its
 * `handleConnection` require, or with any valid token when they say nothing. Each message is asked for the token of
 * the handshake again, and when the token ends, the connection does.
 */
export function GuardedGateway(): (gateway: Type<object>) => void {
  return (gateway) => {
    GuardedClass()(gateway);
    const handler = findConnectionHandler(gateway.prototype);
    markAsConnection(handler);
    Object.defineProperty(gateway.prototype, GATE, { set: createGateSetter({ gateway, handler }) });
    Inject(ModuleRef)(gateway.prototype, GATE);
  };
}

/** Its access rule is that of the connections, so a gateway without one gets one. */
function findConnectionHandler(prototype: object): GatewayClass['handler'] {
  const own: unknown = Reflect.get(prototype, 'handleConnection');
  if (typeof own === 'function') return own;
  const nothing = () => undefined;
  Object.defineProperty(prototype, 'handleConnection', { value: nothing, writable: true });
  return nothing;
}

/** Wraps the `afterInit` that the instance has, wherever it is from. Nest calls it with the server, before any client. */
function createGateSetter(described: GatewayClass) {
  return function (this: Gateway, moduleRef: ModuleRef): void {
    const afterInit = this.afterInit?.bind(this);
    const gate = new ConnectionGate(described, moduleRef);
    this.afterInit = (server) => {
      guardServer(server, gate);
      return afterInit?.(server);
    };
  };
}
