import { type AccessPolicy, type AccessToken, InsufficientScope } from '@gatehouse/guards';
import { type ExecutionContext, Injectable } from '@nestjs/common';
import { ORDER_ID } from './order-id.js';
import { noSuchOrder } from './order-problems.js';
import { Orders } from './orders.js';

const ANY: string = 'orders:read:any';

/** Orders are their owner's alone: those of others are not there at all. */
@Injectable()
export class OwnsOrder implements AccessPolicy {
  constructor(private readonly orders: Orders) {}

  /** @throws {Problem} 404, the same for an order of somebody else, for none, and for what cannot be an id */
  async allows({ subject }: AccessToken, context: ExecutionContext): Promise<boolean> {
    const { id } = context.switchToHttp().getRequest<{ params: { id: string } }>().params;
    if (!ORDER_ID.test(id) || !(await this.orders.belongsTo(subject, id))) throw noSuchOrder();
    return true;
  }
}

/** For support staff, whose scope says that they may see the orders of anybody. */
@Injectable()
export class MayReadOrder implements AccessPolicy {
  constructor(private readonly owned: OwnsOrder) {}

  /** @throws {Problem} 404 */
  async allows(token: AccessToken, context: ExecutionContext): Promise<boolean> {
    return token.scopes.has(ANY) || this.owned.allows(token, context);
  }
}

/**
 * Whose orders may be listed.
 *
 * @throws {InsufficientScope} where they are those of somebody else
 */
export function mayListOrders(token: AccessToken, context: ExecutionContext): boolean {
  const { owner } = context.switchToHttp().getRequest<{ query: { owner?: unknown } }>().query;
  const areOwn = owner === undefined || owner === token.subject;
  if (!areOwn && !token.scopes.has(ANY)) throw new InsufficientScope([ANY]);
  return true;
}
