import { type AccessPolicy, type AccessToken, InsufficientScope } from '@gatehouse/guards';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import { ORDER_ID } from './order-id.pipe.js';
import { orderNotFound } from './order-problems.js';
import { OrdersService } from './orders.service.js';

const READ_ANY_SCOPE: string = 'orders:read:any';

/** Orders are their owner's alone: those of others are not there at all. */
@Injectable()
export class OrderOwnerPolicy implements AccessPolicy {
  constructor(private readonly orders: OrdersService) {}

  /** @throws {Problem} 404, the same for an order of somebody else, for none, and for what cannot be an id */
  async allows({ subject }: AccessToken, context: ExecutionContext): Promise<boolean> {
    const { id } = context.switchToHttp().getRequest<{ params: { id: string } }>().params;
    if (!ORDER_ID.test(id) || !(await this.orders.isOwnedBy(subject, id))) throw orderNotFound();
    return true;
  }
}

/** For support staff, whose scope says that they may see the orders of anybody. */
@Injectable()
export class OrderReaderPolicy implements AccessPolicy {
  constructor(private readonly ownerPolicy: OrderOwnerPolicy) {}

  /** @throws {Problem} 404 */
  async allows(token: AccessToken, context: ExecutionContext): Promise<boolean> {
    return token.scopes.has(READ_ANY_SCOPE) || this.ownerPolicy.allows(token, context);
  }
}

/**
 * Whose orders may be listed.
 *
 * @throws {InsufficientScope} where they are those of somebody else
 */
export function canListOrders(token: AccessToken, context: ExecutionContext): boolean {
  const { owner } = context.switchToHttp().getRequest<{ query: { owner?: unknown } }>().query;
  const areOwn = owner === undefined || owner === token.subject;
  if (!areOwn && !token.scopes.has(READ_ANY_SCOPE)) throw new InsufficientScope([READ_ANY_SCOPE]);
  return true;
}
