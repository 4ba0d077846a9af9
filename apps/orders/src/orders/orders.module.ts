import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BillingModule } from '../billing/billing.module.js';
import { IdempotencyKeys } from '../idempotency/idempotency-keys.js';
import { InvoiceDeliveriesModule } from '../invoice-deliveries/invoice-deliveries.module.js';
import { MayReadOrder, OwnsOrder } from './order-access.policy.js';
import { Order } from './order.entity.js';
import { OrdersController } from './orders.controller.js';
import { Orders } from './orders.js';

@Module({
  imports: [TypeOrmModule.forFeature([Order]), BillingModule, InvoiceDeliveriesModule],
  controllers: [OrdersController],
  providers: [Orders, IdempotencyKeys, OwnsOrder, MayReadOrder],
})
export class OrdersModule {}
