import { fileURLToPath } from 'node:url';
import {
  Client,
  credentials,
  Metadata,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import {
  GrpcMethod,
  type GrpcOptions,
  GrpcStreamCall,
  GrpcStreamMethod,
  Transport,
} from '@nestjs/microservices';
import { count, map, type Observable, of } from 'rxjs';
import { AccessToken, RequireScopes } from '../../src/index.js';
import { GuardedMessages } from '../../src/microservices/index.js';

const protoPath = fileURLToPath(new URL('orders.proto', import.meta.url));

export interface Order {
  readonly id: string;
}

/** One handler for each kind of gRPC call. */
@Controller()
@GuardedMessages()
@RequireScopes('orders:read')
export class OrdersService {
  handled = 0;

  @GrpcMethod('Orders', 'Find')
  find(_order: Order, @AccessToken() token: AccessToken): Order {
    this.handled += 1;
    return { id: token.subject };
  }

  @GrpcMethod('Orders', 'Cancel')
  @RequireScopes('orders:write')
  cancel(order: Order): Order {
    this.handled += 1;
    return order;
  }

  @GrpcMethod('Orders', 'Watch')
  watch(order: Order): Observable<Order> {
    this.handled += 1;
    return of(order, order);
  }

  @GrpcStreamMethod('Orders', 'Place')
  place(orders: Observable<Order>): Observable<Order> {
    this.handled += 1;
    return orders.pipe(map((order) => order));
  }

  @GrpcStreamMethod('Orders', 'Count')
  count(orders: Observable<Order>): Observable<Order> {
    this.handled += 1;
    return orders.pipe(
      count(),
      map((id) => ({ id: String(id) })),
    );
  }

  @GrpcStreamCall('Orders', 'Mirror')
  mirror(orders: ServerDuplexStream<Order, Order>): void {
    this.handled += 1;
    orders.on('data', (order: Order) => orders.write(order));
    orders.on('end', () => orders.end());
  }

  @GrpcStreamCall('Orders', 'Sum')
  sum(orders: ServerReadableStream<Order, Order>, answer: sendUnaryData<Order>): void {
    this.handled += 1;
    orders.on('data', () => undefined);
    orders.on('end', () => answer(null, { id: 'sum' }));
  }
}

export function grpcOptions(port: number): GrpcOptions {
  return {
    transport: Transport.GRPC,
    options: { package: 'orders', protoPath, url: `127.0.0.1:${port}` },
  };
}

/** The complete answer of the server to one call. */
export interface Answer {
  readonly orders: string[];
  readonly code: number;
  readonly details: string;
}

/** Sends one order. On the wire, a call of any kind is a stream in each direction. */
export async function callGrpc(
  port: number,
  method: string,
  authorization?: string,
): Promise<Answer> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  const stream = client.makeBidiStreamRequest(`/orders.Orders/${method}`, encode, decode, metadata);
  const orders: string[] = [];
  stream.on('data', ({ id }: Order) => orders.push(id));
  stream.write({ id: '1' });
  stream.end();
  const { code, details } = await new Promise<Pick<ServiceError, 'code' | 'details'>>((resolve) => {
    stream.on('error', () => undefined);
    stream.on('status', resolve);
  });
  client.close();
  return { orders, code, details };
}

/** Encodes a Protocol Buffers message whose field 1 is a string. */
function encode({ id }: Order): Buffer {
  return Buffer.concat([Buffer.from([0x0a, id.length]), Buffer.from(id)]);
}

function decode(message: Buffer): Order {
  return { id: message.subarray(2).toString() };
}
