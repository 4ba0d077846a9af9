import { type AccessPolicy, type AccessToken, InsufficientScope } from '@gatehouse/guards';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import { ORDER_ID } from './order-id.pipe.js';
import { orderNotFound } from './order-problems.js';
import type { Order } from './order.entity.js';
import { OrdersService } from './orders.service.js';

const READ_ANY_SCOPE: string = 'orders:read:any';

export interface OrderRequest {
  readonly params: { readonly id: string };
  /** The order that a policy has read, so that the handler does not read it again. */
  order?: Order;
}

/** Allows the owner of the order only. Other callers get the same answer as for an unknown order. */
@Injectable()
export class OrderOwnerPolicy implements AccessPolicy {
  constructor(private readonly orders: OrdersService) {}

  /** @throws {Problem} 404, the same for another owner's order, an unknown id and a malformed id */
  async allows({ subject }: AccessToken, context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<OrderRequest>();
    const { id } = request.params;
    if (!ORDER_ID.test(id)) throw orderNotFound();
    const order = await this.orders.find(id);
    if (order.owner !== subject) throw orderNotFound();
    request.order = order;
    return true;
  }
}

/** Allows support staff, whose scope covers all orders, and the owner. */
@Injectable()
export class OrderReaderPolicy implements AccessPolicy {
  constructor(private readonly ownerPolicy: OrderOwnerPolicy) {}

  /** @throws {Problem} 404 */
  async allows(token: AccessToken, context: ExecutionContext): Promise<boolean> {
    return token.scopes.has(READ_ANY_SCOPE) || this.ownerPolicy.allows(token, context);
  }
}

/**
 * Allows callers to list their own orders, and support staff to list the orders of each owner or of all owners.
 *
 * @throws {InsufficientScope}
 */
export function canListOrders(token: AccessToken, context: ExecutionContext): boolean {
  const request = context.switchToHttp().getRequest<{ query: Record<string, unknown> }>();
  const { owner, everyone } = request.query;
  const areOwn = everyone === undefined && (owner === undefined || owner === token.subject);
  if (!areOwn && !token.scopes.has(READ_ANY_SCOPE)) throw new InsufficientScope([READ_ANY_SCOPE]);
  return true;
}
