import {
  type INestApplication,
  type INestApplicationContext,
  Module,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  type AbstractWsAdapter,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import {
  AccessToken,
  GuardsModule,
  type GuardsOptions,
  OptionalToken,
  Public,
  RequireScopes,
} from '../../src/index.js';
import { GuardedGateway, tokenOf, webSocketTransport } from '../../src/websockets/index.js';
import { type Connect, connectSocketIo, connectWs } from './websocket-clients.js';

type Adapter = new (app: INestApplicationContext) => AbstractWsAdapter;

export const libraries: [name: string, library: Library][] = [
  ['Socket.IO', { adapter: IoAdapter, connect: connectSocketIo }],
  ['ws', { adapter: WsAdapter, connect: connectWs }],
];

interface Library {
  readonly adapter: Adapter;
  readonly connect: Connect;
}

/** The broadcasting interface of both libraries. */
interface Broadcaster {
  emit(event: string, data: unknown): void;
  readonly clients?: Iterable<{ send(data: string): void }>;
}

@WebSocketGateway()
@GuardedGateway()
export class OrdersGateway {
  @WebSocketServer()
  server!: Broadcaster;

  readonly connected: (string | undefined)[] = [];
  readonly handled: string[] = [];
  disconnected = 0;

  handleConnection(client: object) {
    this.connected.push(tokenOf(client)?.subject);
  }

  handleDisconnect() {
    this.disconnected += 1;
  }

  @SubscribeMessage('orders')
  @RequireScopes('orders:read')
  orders(@AccessToken() token: AccessToken) {
    this.handled.push('orders');
    return { event: 'orders', data: token.subject };
  }

  @SubscribeMessage('cancel')
  @RequireScopes('orders:write')
  cancel(@MessageBody() data: unknown) {
    this.handled.push('cancel');
    return { event: 'cancelled', data };
  }

  @SubscribeMessage('prices')
  @Public()
  prices() {
    this.handled.push('prices');
    return { event: 'prices', data: [1, 2] };
  }

  broadcast(event: string, data: unknown): void {
    if (!this.server.clients) return this.server.emit(event, data);
    for (const client of this.server.clients) client.send(JSON.stringify({ event, data }));
  }
}

@WebSocketGateway()
@GuardedGateway()
@OptionalToken()
export class LobbyGateway {
  @SubscribeMessage('hello')
  hello(@AccessToken() token?: AccessToken) {
    return { event: 'hello', data: token?.subject ?? 'stranger' };
  }

  @SubscribeMessage('order')
  @RequireScopes('orders:write')
  order() {
    return { event: 'ordered', data: true };
  }
}

interface Gateways {
  readonly guards: GuardsOptions;
  readonly gateways?: Type[];
  readonly providers?: Type[];
}

/** Starts an application with gateways on a loopback port. */
export async function startGateways(
  adapter: Adapter,
  { guards, gateways = [OrdersGateway], providers = [] }: Gateways,
): Promise<INestApplication> {
  class AppModule {}
  const transports = guards.transports ?? [webSocketTransport()];
  Module({
    imports: [GuardsModule.forRoot({ ...guards, transports })],
    providers: [...gateways, ...providers],
  })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  app.useWebSocketAdapter(new adapter(app));
  try {
    await app.listen(0, '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}
