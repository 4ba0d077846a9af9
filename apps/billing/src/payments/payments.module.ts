import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { InvoicesModule } from '../invoices/invoices.module.js';
import { Payment } from './payment.entity.js';
import { PaymentProvider } from './payment-provider.js';
import { PaymentRepository } from './payment.repository.js';
import { PaymentsController } from './payments.controller.js';
import { PaymentsService } from './payments.service.js';

@Module({})
export class PaymentsModule {
  /** @param provider without one, every payment is answered with 503 */
  static forRoot(provider: PaymentProvider | undefined): DynamicModule {
    return {
      module: PaymentsModule,
      imports: [TypeOrmModule.forFeature([Payment]), InvoicesModule],
      controllers: [PaymentsController],
      providers: [
        PaymentsService,
        PaymentRepository,
        { provide: PaymentProvider, useValue: provider },
      ],
    };
  }
}
