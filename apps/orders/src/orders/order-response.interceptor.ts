import { createEntityTag, matchesIfNoneMatch } from '@gatehouse/service-kit';
import {
  type CallHandler,
  type ExecutionContext,
  HttpStatus,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { type OrderRepresentation, toOrderRepresentation } from './order-representation.js';
import type { Order } from './order.entity.js';

export type OrderResponse = OrderRepresentation | undefined;

/** Turns the order of a handler into its representation with `ETag`, and with `Location` when the order is new. */
@Injectable()
export class OrderResponseInterceptor implements NestInterceptor<Order, OrderResponse> {
  intercept(context: ExecutionContext, next: CallHandler<Order>): Observable<OrderResponse> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(map((order) => toOrderResponse(order, request, reply)));
  }
}

/** The same for the handler of the most frequent request, which needs no observable. */
export function toOrderResponse(
  order: Order,
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
): OrderResponse {
  const entityTag = createEntityTag(order.version);
  void reply.header('ETag', entityTag);
  if (reply.statusCode === 201) void reply.header('Location', `/orders/${order.id}`);
  const isRead = method === 'GET' || method === 'HEAD';
  if (!isRead || !matchesIfNoneMatch(entityTag, headers['if-none-match']))
    return toOrderRepresentation(order);
  // The client has this version, so the response has no body (RFC 9110 §15.4.5).
  void reply.status(HttpStatus.NOT_MODIFIED);
  return undefined;
}
