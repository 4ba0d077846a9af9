import { AccessRules, secureOpenApi } from '@gatehouse/guards';
import { accessTokenScheme, type ServiceOptions } from '@gatehouse/service-kit';
import type { OrdersConfig } from './orders.config.js';

/** How the resource server speaks HTTP. */
export const serviceOptions = (config: OrdersConfig): ServiceOptions => ({
  name: 'orders',
  logLevel: config.LOG_LEVEL,
  https: config.AUDIENCE.startsWith('https:'),
  trustProxy: config.TRUST_PROXY,
  openApi: {
    title: 'Gatehouse: orders',
    description: 'Places and keeps the orders of the person behind the access token.',
    complete: (document, app) => secureOpenApi(document, app.get(AccessRules), accessTokenScheme),
  },
});
