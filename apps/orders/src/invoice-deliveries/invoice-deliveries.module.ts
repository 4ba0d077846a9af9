import { Module } from '@nestjs/common';
import { BillingModule } from '../billing/billing.module.js';
import { InvoiceDeliveries } from './invoice-deliveries.js';
import { InvoiceRelay } from './invoice-relay.js';

@Module({
  imports: [BillingModule],
  providers: [InvoiceDeliveries, InvoiceRelay],
  exports: [InvoiceDeliveries],
})
export class InvoiceDeliveriesModule {}
