import {
  type CallHandler,
  type ExecutionContext,
  HttpStatus,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { entityTagOf, isKnown } from './entity-tag.js';
import { type OrderRepresentation, represent } from './order-representation.js';
import type { Order } from './order.entity.js';

type Answer = OrderRepresentation | undefined;

/** Of handlers that return an order: its representation, its entity tag, and where it is when it is new. */
@Injectable()
export class OrderAnswer implements NestInterceptor<Order, Answer> {
  intercept(context: ExecutionContext, next: CallHandler<Order>): Observable<Answer> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(map((order) => answer(order, request, reply)));
  }
}

function answer(order: Order, { method, headers }: FastifyRequest, reply: FastifyReply): Answer {
  void reply.header('ETag', entityTagOf(order));
  if (reply.statusCode === 201) void reply.header('Location', `/orders/${order.id}`);
  const isRead = method === 'GET' || method === 'HEAD';
  if (!isRead || !isKnown(order, headers['if-none-match'])) return represent(order);
  // RFC 9110 §15.4.5: the client has this version, and gets no body.
  void reply.status(HttpStatus.NOT_MODIFIED);
  return undefined;
}
