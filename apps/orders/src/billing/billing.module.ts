import { Clock } from '@gatehouse/service-kit';
import { Module } from '@nestjs/common';
import { ORDERS_CONFIG, type OrdersConfig } from '../orders.config.js';
import { ServiceTokens } from '../service-tokens/service-tokens.js';
import { Billing } from './billing.js';

@Module({
  providers: [
    Billing,
    {
      provide: ServiceTokens,
      inject: [ORDERS_CONFIG, Clock],
      useFactory: (config: OrdersConfig, clock: Clock) =>
        new ServiceTokens({
          issuer: config.AUTH_ISSUER,
          tokenEndpoint: config.AUTH_TOKEN_ENDPOINT,
          clientId: config.CLIENT_ID,
          clientSecret: config.CLIENT_SECRET,
          dangerouslyAllowInsecureHttp: config.ALLOW_INSECURE_HTTP,
          now: () => clock.now(),
        }),
    },
  ],
  exports: [Billing],
})
export class BillingModule {}
