import { GuardsModule, Public, TrustedIssuers } from '@gatehouse/guards';
import { PersistenceModule, SchedulerModule } from '@gatehouse/persistence';
import { Clock, HealthModule, Metrics, ServiceModule } from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { DataSource } from 'typeorm';
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
  readonly clock?: Clock;
  /** Yours, in production. */
  readonly payments?: PaymentProvider;
}

/** The table of contents of the billing resource server. */
@Module({})
export class AppModule {
  constructor(metrics: Metrics, issuers: TrustedIssuers) {
    const help = 'Age of the oldest key set that tokens are verified with.';
    metrics.gauge({ name: 'key_set_age_seconds', help }, () => issuers.keySetAgeSeconds);
  }

  static forRoot(config: BillingConfig, surroundings: AppOptions = {}): DynamicModule {
    const { clock = new Clock() } = surroundings;
    const standIn = shouldUseFakePayments(config) ? new FakePaymentProvider() : undefined;
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
        SchedulerModule.forRoot({ clock }),
        HealthModule.forRootAsync({
          inject: [DataSource, TrustedIssuers],
          useFactory: (database: DataSource, issuers: TrustedIssuers) => ({
            database: () => database.query('SELECT 1'),
            keySet: () => issuers.ready(),
          }),
          decorators: [Public()],
        }),
        InvoicesModule,
        PaymentsModule.forRoot(surroundings.payments ?? standIn),
        TotalsModule,
      ],
      providers: [{ provide: APP_INTERCEPTOR, useClass: DelegationLogInterceptor }],
    };
  }
}
