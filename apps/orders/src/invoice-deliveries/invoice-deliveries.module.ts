import { Metrics } from '@gatehouse/service-kit';
import { Module } from '@nestjs/common';
import { BillingModule } from '../billing/billing.module.js';
import { InvoiceDeliveryRepository } from './invoice-delivery.repository.js';
import { InvoiceDeliveryJob } from './invoice-delivery.job.js';

@Module({
  imports: [BillingModule],
  providers: [InvoiceDeliveryRepository, InvoiceDeliveryJob],
  exports: [InvoiceDeliveryRepository],
})
export class InvoiceDeliveriesModule {
  constructor(metrics: Metrics, deliveries: InvoiceDeliveryRepository) {
    const help =
      'How long billing has not heard of the oldest order, or of the oldest cancellation.';
    metrics.gauge({ name: 'invoice_delivery_lag_seconds', help }, () => deliveries.lagSeconds());
  }
}
