import { GuardsModule, Public, TrustedIssuers } from '@gatehouse/guards';
import { PersistenceModule, SchedulerModule, UnitOfWork } from '@gatehouse/persistence';
import { Clock, HealthModule, Metrics, ServiceModule } from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { guardsOptions } from './access.js';
import { type BillingConfig, shouldUseFakePayments } from './billing.config.js';
import { billingDatabase } from './database.js';
import { DelegationLogInterceptor } from './delegation-log.interceptor.js';
import { InvoicesModule } from './invoices/invoices.module.js';
import { FakePaymentProvider } from './payments/fake-payment-provider.js';
import type { PaymentProvider } from './payments/payment-provider.js';
import { PaymentsModule } from './payments/payments.module.js';
import { TotalsModule } from './totals/totals.module.js';

interface AppOptions {
  /** Default: the system's clock. */
  readonly clock?: Clock;
  /** Production needs one. Default: {@link FakePaymentProvider} if the configuration allows it. */
  readonly payments?: PaymentProvider;
}

/** The billing resource server. */
@Module({})
export class AppModule {
  constructor(metrics: Metrics, issuers: TrustedIssuers) {
    metrics.watchTrust(issuers);
  }

  static forRoot(config: BillingConfig, options: AppOptions = {}): DynamicModule {
    const { clock = new Clock(), payments = createFakePayments(config) } = options;
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({ name: 'billing', clock }),
        GuardsModule.forRootAsync({
          inject: [Metrics],
          useFactory: (metrics: Metrics) =>
            guardsOptions(config, metrics.createRefusalCounter('guards')),
        }),
        PersistenceModule.forRoot(billingDatabase(config)),
        SchedulerModule.forRoot({ clock, maxIdleSeconds: config.IDLE_POLL_SECONDS }),
        HealthModule.forRootAsync({
          inject: [UnitOfWork, TrustedIssuers],
          useFactory: (unitOfWork: UnitOfWork, issuers: TrustedIssuers) => ({
            database: () => unitOfWork.checkHealth(),
            keySet: () => issuers.ready(),
          }),
          decorators: [Public()],
        }),
        InvoicesModule,
        PaymentsModule.forRoot(payments),
        TotalsModule,
      ],
      providers: [{ provide: APP_INTERCEPTOR, useClass: DelegationLogInterceptor }],
    };
  }
}

const createFakePayments = (config: BillingConfig): PaymentProvider | undefined =>
  shouldUseFakePayments(config) ? new FakePaymentProvider() : undefined;
