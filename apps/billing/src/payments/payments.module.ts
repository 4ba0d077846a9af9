import { type DynamicModule, Module } from '@nestjs/common';
import { InvoicesModule } from '../invoices/invoices.module.js';
import { PaymentRepository } from './payment.repository.js';
import { PaymentProvider } from './payment-provider.js';
import { PaymentsController } from './payments.controller.js';
import { PaymentsService } from './payments.service.js';

@Module({})
export class PaymentsModule {
  /** @param provider without one nothing can be paid */
  static forRoot(provider: PaymentProvider | undefined): DynamicModule {
    return {
      module: PaymentsModule,
      imports: [InvoicesModule],
      controllers: [PaymentsController],
      providers: [
        PaymentsService,
        PaymentRepository,
        { provide: PaymentProvider, useValue: provider },
      ],
    };
  }
}
