import type { DatabaseSettings } from '@gatehouse/persistence';
import {
  CancellationDelivery,
  InvoiceDelivery,
} from './invoice-deliveries/invoice-delivery.entity.js';
import { Orders1764100000000 } from './migrations/1764100000000-orders.js';
import { OrderLifecycle1764300000000 } from './migrations/1764300000000-order-lifecycle.js';
import { UsedProofs1764500000000 } from './migrations/1764500000000-used-proofs.js';
import { Cancellations1764600000000 } from './migrations/1764600000000-cancellations.js';
import { OrdersByTime1764780000000 } from './migrations/1764780000000-orders-by-time.js';
import type { OrdersConfig } from './orders.config.js';
import { Order } from './orders/order.entity.js';

/** In production the operator runs the migrations (`npm run db:migrate`) before the new version starts. */
export const ordersDatabase = (config: OrdersConfig): DatabaseSettings => ({
  name: 'orders',
  databaseUrl: config.DATABASE_URL,
  dataDir: config.DATA_DIR,
  entities: [Order, InvoiceDelivery, CancellationDelivery],
  migrations: [
    Orders1764100000000,
    OrderLifecycle1764300000000,
    UsedProofs1764500000000,
    Cancellations1764600000000,
    OrdersByTime1764780000000,
  ],
  migrate: config.NODE_ENV !== 'production',
});
