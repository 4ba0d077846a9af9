import { GuardsModule, KeySet, Public } from '@gatehouse/guards';
import { PersistenceModule } from '@gatehouse/persistence';
import { HealthModule, ServiceModule } from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { guardsOptions } from './access.js';
import { ordersDatabase } from './database/orders-database.js';
import type { OrdersConfig } from './orders.config.js';
import { OrdersModule } from './orders/orders.module.js';

/** The table of contents of the orders resource server. */
@Module({})
export class AppModule {
  static with(config: OrdersConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({ name: 'orders' }),
        GuardsModule.forRoot(guardsOptions(config)),
        PersistenceModule.forRoot(ordersDatabase(config)),
        HealthModule.forRootAsync({
          inject: [DataSource, KeySet],
          useFactory: (database: DataSource, keySet: KeySet) => ({
            database: () => database.query('SELECT 1'),
            keySet: () => keySet.ready(),
          }),
          decorators: [Public()],
        }),
        OrdersModule,
      ],
    };
  }
}
