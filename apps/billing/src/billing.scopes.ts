/** What an access token may allow here, in the words in which a person is asked for it. */
export const BILLING_SCOPES = {
  'billing:read': 'See your invoices',
  'billing:pay': 'Pay your invoices for you',
  'billing:invoices:create': 'Create invoices: for services only',
} as const;
