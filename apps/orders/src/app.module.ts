import { GuardsModule, Public, TrustedIssuers } from '@gatehouse/guards';
import { PersistenceModule, SchedulerModule, UnitOfWork } from '@gatehouse/persistence';
import { Clock, ConfigModule, HealthModule, Metrics, ServiceModule } from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { guardsOptions } from './access.js';
import { CleanupSchedule } from './cleanup.schedule.js';
import { ordersDatabase } from './database.js';
import { ORDERS_CONFIG, type OrdersConfig } from './orders.config.js';
import { OrdersModule } from './orders/orders.module.js';
import { createDpopOptions } from './used-proofs/dpop.options.js';
import { UsedProofRepository } from './used-proofs/used-proof.repository.js';
import { UsedProofsModule } from './used-proofs/used-proofs.module.js';

interface AppOptions {
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
}

/** The orders resource server. */
@Module({})
export class AppModule {
  constructor(metrics: Metrics, issuers: TrustedIssuers) {
    metrics.watchTrust(issuers);
  }

  static forRoot(config: OrdersConfig, { clock = new Clock() }: AppOptions = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({ name: 'orders', clock }),
        ConfigModule.forRoot(ORDERS_CONFIG, config),
        GuardsModule.forRootAsync({
          imports: [UsedProofsModule],
          inject: [Metrics, UsedProofRepository],
          useFactory: (metrics: Metrics, usedProofs: UsedProofRepository) => ({
            ...guardsOptions(config, metrics.createRefusalCounter('guards')),
            dpop: createDpopOptions(config, usedProofs),
          }),
        }),
        PersistenceModule.forRoot(ordersDatabase(config)),
        SchedulerModule.forRoot({ clock, maxIdleSeconds: config.IDLE_POLL_SECONDS }),
        HealthModule.forRootAsync({
          inject: [UnitOfWork, TrustedIssuers],
          useFactory: (unitOfWork: UnitOfWork, issuers: TrustedIssuers) => ({
            database: () => unitOfWork.checkHealth(),
            keySet: () => issuers.ready(),
          }),
          decorators: [Public()],
        }),
        OrdersModule,
      ],
      providers: [CleanupSchedule],
    };
  }
}
