import { Clock } from '@gatehouse/service-kit';
import { Module } from '@nestjs/common';
import { ORDERS_CONFIG, type OrdersConfig } from '../orders.config.js';
import { ServiceTokenService } from '../service-tokens/service-tokens.service.js';
import { BillingClient } from './billing.client.js';

@Module({
  providers: [
    BillingClient,
    {
      provide: ServiceTokenService,
      inject: [ORDERS_CONFIG, Clock],
      useFactory: (config: OrdersConfig, clock: Clock) =>
        new ServiceTokenService({
          issuer: config.AUTH_ISSUER,
          tokenEndpoint: config.AUTH_TOKEN_ENDPOINT,
          clientId: config.CLIENT_ID,
          clientSecret: config.CLIENT_SECRET,
          dangerouslyAllowInsecureHttp: config.ALLOW_INSECURE_HTTP,
          now: () => clock.now(),
        }),
    },
  ],
  exports: [BillingClient],
})
export class BillingModule {}
