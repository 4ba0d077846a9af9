import { type DynamicModule, Module } from '@nestjs/common';
import { InvoicesModule } from '../invoices/invoices.module.js';
import { PaymentBook } from './payment-book.js';
import { PaymentProvider } from './payment-provider.js';
import { PaymentsController } from './payments.controller.js';
import { Payments } from './payments.js';

@Module({})
export class PaymentsModule {
  /** @param provider without one nothing can be paid */
  static with(provider: PaymentProvider | undefined): DynamicModule {
    return {
      module: PaymentsModule,
      imports: [InvoicesModule],
      controllers: [PaymentsController],
      providers: [Payments, PaymentBook, { provide: PaymentProvider, useValue: provider }],
    };
  }
}
