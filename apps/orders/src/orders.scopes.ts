import { defineScopes } from '@gatehouse/guards';

const scopes = defineScopes('orders:read', 'orders:write', 'orders:read:any');

/** Accept these scopes only, so a misspelt scope does not compile. */
export const { RequireScopes, RequireAnyScope } = scopes;

/** The scopes of this service, with the same sentences as the consent page of auth (`default-resource-servers.ts`). */
export const ORDERS_SCOPES: Readonly<Record<(typeof scopes.all)[number], string>> = {
  'orders:read': 'See your orders',
  'orders:write': 'Place and cancel orders for you',
  'orders:read:any': 'See the orders of all customers (support staff only)',
};
