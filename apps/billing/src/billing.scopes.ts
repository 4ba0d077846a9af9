import { defineScopes } from '@gatehouse/guards';

const scopes = defineScopes(
  'billing:read',
  'billing:pay',
  'billing:invoices:create',
  'billing:refund',
  'billing:admin',
);

/** Accept these scopes only, so a misspelt scope does not compile. */
export const { RequireScopes, RequireAnyScope } = scopes;

/** The scopes of this service, with the same sentences as the consent page of auth (`default-resource-servers.ts`). */
export const BILLING_SCOPES: Readonly<Record<(typeof scopes.all)[number], string>> = {
  'billing:read': 'See your invoices',
  'billing:pay': 'Pay your invoices for you',
  'billing:invoices:create': 'Create invoices and make them void (services only)',
  'billing:refund': 'Refund payments (accounting staff only)',
  'billing:admin': 'See revenue (accounting staff only)',
};
