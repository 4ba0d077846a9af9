import type { DatabaseSettings } from '@gatehouse/persistence';
import type { BillingConfig } from './billing.config.js';
import { Invoice } from './invoices/invoice.entity.js';
import { Invoices1764100000000 } from './migrations/1764100000000-invoices.js';
import { Payments1764300000000 } from './migrations/1764300000000-payments.js';
import { VoidInvoices1764500000000 } from './migrations/1764500000000-void-invoices.js';
import { Payment } from './payments/payment.entity.js';

/** In production the operator runs the migrations (`npm run db:migrate`) before the new version starts. */
export const billingDatabase = (config: BillingConfig): DatabaseSettings => ({
  name: 'billing',
  databaseUrl: config.DATABASE_URL,
  dataDir: config.DATA_DIR,
  entities: [Invoice, Payment],
  migrations: [Invoices1764100000000, Payments1764300000000, VoidInvoices1764500000000],
  migrate: config.NODE_ENV !== 'production',
});
