import { defineScopes } from '@gatehouse/guards';

const scopes = defineScopes('orders:read', 'orders:write', 'orders:read:any');

/** For these scopes only: a misspelt one does not compile. */
export const { RequireScopes, RequireAnyScope } = scopes;

/** What an access token may allow here, in the words in which a person is asked for it. */
export const ORDERS_SCOPES: Readonly<Record<(typeof scopes.all)[number], string>> = {
  'orders:read': 'See your orders',
  'orders:write': 'Place and cancel orders for you',
  'orders:read:any': 'See the orders of everybody: for support staff only',
};
