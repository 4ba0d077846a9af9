import { Metrics } from '@gatehouse/service-kit';
import { Module } from '@nestjs/common';
import { BillingModule } from '../billing/billing.module.js';
import { InvoiceDeliveries } from './invoice-deliveries.js';
import { InvoiceRelay } from './invoice-relay.js';

@Module({
  imports: [BillingModule],
  providers: [InvoiceDeliveries, InvoiceRelay],
  exports: [InvoiceDeliveries],
})
export class InvoiceDeliveriesModule {
  constructor(metrics: Metrics, deliveries: InvoiceDeliveries) {
    const help =
      'How long billing has not heard of the oldest order, or of the oldest cancellation.';
    metrics.gauge({ name: 'invoice_delivery_lag_seconds', help }, () => deliveries.lagSeconds());
  }
}
