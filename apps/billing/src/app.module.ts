import { GuardsModule, Public, TrustedIssuers } from '@gatehouse/guards';
import { PersistenceModule } from '@gatehouse/persistence';
import { HealthModule, ServiceModule } from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { guardsOptions } from './access.js';
import type { BillingConfig } from './billing.config.js';
import { billingDatabase } from './database/billing-database.js';
import { InvoicesModule } from './invoices/invoices.module.js';

/** The table of contents of the billing resource server. */
@Module({})
export class AppModule {
  static with(config: BillingConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({ name: 'billing' }),
        GuardsModule.forRoot(guardsOptions(config)),
        PersistenceModule.forRoot(billingDatabase(config)),
        HealthModule.forRootAsync({
          inject: [DataSource, TrustedIssuers],
          useFactory: (database: DataSource, issuers: TrustedIssuers) => ({
            database: () => database.query('SELECT 1'),
            keySet: () => issuers.ready(),
          }),
          decorators: [Public()],
        }),
        InvoicesModule,
      ],
    };
  }
}
