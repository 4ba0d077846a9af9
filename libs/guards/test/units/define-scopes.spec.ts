import { defineScopes } from '../../src/index.js';
import { getDeclaration } from '../../src/nest/declaration.js';

describe('defineScopes', () => {
  const orders = defineScopes('orders:read', 'orders:write');

  it('a misspelt scope does not compile', () => {
    orders.RequireScopes('orders:read', 'orders:write');
    // @ts-expect-error there is no such scope
    orders.RequireScopes('orders:raed');
    // @ts-expect-error nor is there one here
    orders.RequireAnyScope('orders:read', 'billing:read');
    // @ts-expect-error and none at all would let everybody in
    expect(() => orders.RequireScopes()).toThrow(TypeError);
  });

  it('its decorators are those for any scope', () => {
    @orders.RequireScopes('orders:write')
    @orders.RequireAnyScope('orders:read', 'orders:write')
    class Controller {}

    expect(getDeclaration(Controller)).toMatchObject({
      scopes: ['orders:write'],
      anyScopes: [['orders:read', 'orders:write']],
    });
  });

  it('lists them, for `scopes_supported` and for documentation', () => {
    expect(orders.all).toEqual(['orders:read', 'orders:write']);
  });

  it('what is no scope token is refused at once (RFC 6749 §3.3)', () => {
    expect(() => defineScopes('orders read')).toThrow(TypeError);
  });
});
