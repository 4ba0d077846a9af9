import { defineScopes } from '../../src/index.js';
import { getDeclaration } from '../../src/nest/decorators.js';
import { it } from '../support/slow-test.js';

describe('defineScopes', () => {
  const orders = defineScopes('orders:read', 'orders:write');

  it('makes a misspelt scope a compile error', () => {
    orders.RequireScopes('orders:read', 'orders:write');
    // @ts-expect-error the scope is not defined
    orders.RequireScopes('orders:raed');
    // @ts-expect-error the second scope is not defined
    orders.RequireAnyScope('orders:read', 'billing:read');
    // @ts-expect-error a rule without a scope would admit every token
    expect(() => orders.RequireScopes()).toThrow(TypeError);
  });

  it('returns decorators that declare the same rules as the general ones', () => {
    @orders.RequireScopes('orders:write')
    @orders.RequireAnyScope('orders:read', 'orders:write')
    class OrdersController {}

    expect(getDeclaration(OrdersController)).toMatchObject({
      scopes: ['orders:write'],
      anyScopes: [['orders:read', 'orders:write']],
    });
  });

  it('lists all scopes, for `scopes_supported` and for documentation', () => {
    expect(orders.all).toEqual(['orders:read', 'orders:write']);
  });

  it('rejects text that is not a scope token (RFC 6749 §3.3)', () => {
    expect(() => defineScopes('orders read')).toThrow(TypeError);
  });
});
