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
    const help = 'Age of the oldest order or cancellation that billing has not received.';
    metrics.gauge({ name: 'invoice_delivery_lag_seconds', help }, () => deliveries.lagSeconds());
  }
}
