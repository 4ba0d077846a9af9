import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BillingModule } from '../billing/billing.module.js';
import { InvoiceDeliveriesModule } from '../invoice-deliveries/invoice-deliveries.module.js';
import { IdempotencyKeyRepository } from './idempotency-key.repository.js';
import { OrderOwnerPolicy, OrderReaderPolicy } from './order-access.policy.js';
import { Order } from './order.entity.js';
import { OrderRepository } from './order.repository.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Order]), BillingModule, InvoiceDeliveriesModule],
  controllers: [OrdersController],
  providers: [
    OrdersService,
    OrderRepository,
    IdempotencyKeyRepository,
    OrderOwnerPolicy,
    OrderReaderPolicy,
  ],
})
export class OrdersModule {}
