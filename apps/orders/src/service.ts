import { AccessRules, secureOpenApi } from '@gatehouse/guards';
import { accessTokenScheme, type ServiceOptions } from '@gatehouse/service-kit';
import { ORDERS_SCOPES } from './orders.scopes.js';
import type { OrdersConfig } from './orders.config.js';

/** HTTP options of the resource server. */
export const serviceOptions = (config: OrdersConfig): ServiceOptions => ({
  name: 'orders',
  logLevel: config.LOG_LEVEL,
  https: config.AUDIENCE.startsWith('https:'),
  trustProxy: config.TRUST_PROXY,
  corsOrigins: config.CORS_ORIGINS,
  showDocsAtRoot: config.NODE_ENV === 'development',
  openApi: {
    title: 'Gatehouse: orders',
    description: 'Places and stores the orders of the user of the access token.',
    login: createDocsLogin(config),
    complete: (document, app) => secureOpenApi(document, app.get(AccessRules), accessTokenScheme),
  },
});

/** The login of the page /docs, if a client is registered for it. It requests no scopes of services and staff. */
const createDocsLogin = ({ AUTH_ISSUER: issuer, DOCS_CLIENT_ID: clientId }: OrdersConfig) =>
  clientId === undefined ? undefined : { issuer, clientId, scopes: USER_SCOPES };

const USER_SCOPES = {
  'orders:read': ORDERS_SCOPES['orders:read'],
  'orders:write': ORDERS_SCOPES['orders:write'],
};
