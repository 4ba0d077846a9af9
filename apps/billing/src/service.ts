import { AccessRules, secureOpenApi } from '@gatehouse/guards';
import { accessTokenScheme, type ServiceOptions } from '@gatehouse/service-kit';
import type { BillingConfig } from './billing.config.js';

/** How the resource server speaks HTTP. */
export const serviceOptions = (config: BillingConfig): ServiceOptions => ({
  name: 'billing',
  logLevel: config.LOG_LEVEL,
  https: config.AUDIENCE.startsWith('https:'),
  trustProxy: config.TRUST_PROXY,
  openApi: {
    title: 'Gatehouse: billing',
    description: 'Issues invoices for services, and takes what people pay.',
    complete: (document, app) => secureOpenApi(document, app.get(AccessRules), accessTokenScheme),
  },
});
