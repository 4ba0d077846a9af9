import {
  Controller,
  Get,
  type INestApplication,
  type INestMicroservice,
  Module,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import {
  AccessToken,
  GuardsModule,
  type GuardsOptions,
  OptionalToken,
  Policy,
  Public,
  RequireScopes,
} from '../../src/index.js';
import { GuardedMessages, microserviceTransport } from '../../src/microservices/index.js';

let decisions = 0;

/** Returns how often the policy of `vote` ran since the last call. */
export function takeDecisions(): number {
  const taken = decisions;
  decisions = 0;
  return taken;
}

@Controller()
@GuardedMessages()
export class OrdersController {
  readonly handled: unknown[] = [];

  @MessagePattern('orders')
  @RequireScopes('orders:read')
  orders(@AccessToken() token: AccessToken) {
    return token.subject;
  }

  @MessagePattern('cancel')
  @RequireScopes('orders:write')
  cancel(@Payload() id: string) {
    this.handled.push(id);
    return id;
  }

  @MessagePattern('prices')
  @Public()
  prices() {
    return [1, 2];
  }

  @MessagePattern('hello')
  @OptionalToken()
  hello(@AccessToken() token?: AccessToken) {
    return token?.subject ?? 'stranger';
  }

  @EventPattern('placed')
  @RequireScopes('orders:write')
  placed(@Payload() id: string) {
    this.handled.push(id);
  }

  @Get('votes')
  @MessagePattern('vote')
  @Policy(() => {
    decisions += 1;
    return true;
  })
  vote() {
    return true;
  }
}

export interface Messages {
  readonly guards: GuardsOptions;
  readonly controllers?: Type[];
}

function createModule({ guards, controllers = [OrdersController] }: Messages): Type {
  class AppModule {}
  const transports = guards.transports ?? [microserviceTransport()];
  Module({ imports: [GuardsModule.forRoot({ ...guards, transports })], controllers })(AppModule);
  return AppModule;
}

/** Starts an application that serves messages only. */
export async function startMicroservice(
  messages: Messages,
  options: MicroserviceOptions,
): Promise<INestMicroservice> {
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(createModule(messages), {
    ...options,
    logger: false,
    abortOnError: false,
  });
  try {
    await app.listen();
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

interface Hybrid {
  readonly inheritAppConfig: boolean;
}

/** Starts an application that serves HTTP and messages. */
export async function startHybrid(
  messages: Messages,
  options: MicroserviceOptions,
  { inheritAppConfig }: Hybrid,
): Promise<INestApplication> {
  const app = await NestFactory.create(createModule(messages), {
    logger: false,
    abortOnError: false,
  });
  app.connectMicroservice<MicroserviceOptions>(options, { inheritAppConfig });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return app;
}

export function tcpOptions(port: number) {
  return { transport: Transport.TCP as const, options: { host: '127.0.0.1', port } };
}

/** A TCP client. Its packets carry metadata as headers. */
export class TcpClient {
  private readonly client: ClientProxy;

  constructor(port: number, metadata: Readonly<Record<string, string>> = {}) {
    this.client = ClientProxyFactory.create(tcpOptions(port));
    this.client.setOnDispatchHook((packet) => {
      packet.metadata = { ...metadata };
    });
  }

  /** Returns the answer, or the error that the server sent. */
  send(pattern: string, data: unknown = {}): Promise<unknown> {
    return lastValueFrom(this.client.send(pattern, data)).catch((error: unknown) => error);
  }

  async emit(pattern: string, data: unknown): Promise<void> {
    await lastValueFrom(this.client.emit(pattern, data), { defaultValue: undefined });
  }

  close() {
    return this.client.close();
  }
}
