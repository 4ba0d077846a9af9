/** What an access token may allow here, in the words in which a person is asked for it. */
export const ORDERS_SCOPES = {
  'orders:read': 'See your orders',
  'orders:write': 'Place and cancel orders for you',
} as const;
