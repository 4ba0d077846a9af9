import { AccessRules, secureOpenApi } from '@gatehouse/guards';
import { accessTokenScheme, type ServiceOptions } from '@gatehouse/service-kit';
import { BILLING_SCOPES } from './billing.scopes.js';
import type { BillingConfig } from './billing.config.js';

/** HTTP options of the resource server. */
export const serviceOptions = (config: BillingConfig): ServiceOptions => ({
  name: 'billing',
  logLevel: config.LOG_LEVEL,
  https: config.AUDIENCE.startsWith('https:'),
  trustProxy: config.TRUST_PROXY,
  corsOrigins: config.CORS_ORIGINS,
  showDocsAtRoot: config.NODE_ENV === 'development',
  openApi: {
    title: 'Gatehouse: billing',
    description: 'Issues invoices for services, and accepts payments of users.',
    login: createDocsLogin(config),
    complete: (document, app) => secureOpenApi(document, app.get(AccessRules), accessTokenScheme),
  },
});

/** The login of the page /docs, if a client is registered for it. It requests no scopes of services and staff. */
const createDocsLogin = ({ AUTH_ISSUER: issuer, DOCS_CLIENT_ID: clientId }: BillingConfig) =>
  clientId === undefined ? undefined : { issuer, clientId, scopes: USER_SCOPES };

const USER_SCOPES = {
  'billing:read': BILLING_SCOPES['billing:read'],
  'billing:pay': BILLING_SCOPES['billing:pay'],
};
