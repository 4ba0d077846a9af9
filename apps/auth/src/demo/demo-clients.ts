import type { AuthConfig } from '../auth.config.js';
import { TOKEN_EXCHANGE } from '../clients/client.entity.js';
import { hashOfSecret } from '../clients/client-secret.js';
import type { ClientRegistration } from '../clients/clients.js';
import type { KeptCredentials } from './kept-credentials.js';

/** One of each kind, to try things with and to copy from. */
export const demoClients = (
  kept: KeptCredentials,
  config: Pick<AuthConfig, 'RESOURCE_SERVERS'>,
): readonly ClientRegistration[] => [
  ordersService(kept, config),
  {
    id: 'short-lived-demo',
    ...secretOf(kept, 'SHORT_LIVED_SECRET'),
    grantTypes: ['client_credentials'],
    scope: ['orders:read'],
    accessTokenTtl: 1,
  },
  {
    ...application,
    id: 'demo-website',
    name: 'Demo Website',
    ...secretOf(kept, 'DEMO_WEBSITE_SECRET'),
    redirectUris: ['http://localhost:4000/callback'],
    postLogoutRedirectUris: ['http://localhost:4000/'],
  },
  {
    ...application,
    ...withoutSecret,
    id: 'demo-spa',
    name: 'Demo Single-Page App',
    // At the loopback address any port is good (RFC 8252 §7.3), at the name it is this one.
    redirectUris: ['http://localhost:4001/callback', 'http://127.0.0.1/callback'],
    postLogoutRedirectUris: ['http://localhost:4001/'],
  },
  {
    ...application,
    ...withoutSecret,
    id: 'demo-app',
    name: 'Demo App',
    redirectUris: ['com.example.demo:/callback', 'http://127.0.0.1/callback'],
    postLogoutRedirectUris: [],
  },
];

/** Calls billing: as itself, and for whoever called orders. */
function ordersService(
  kept: KeptCredentials,
  { RESOURCE_SERVERS: [orders, billing] }: Pick<AuthConfig, 'RESOURCE_SERVERS'>,
): ClientRegistration {
  return {
    id: 'orders-service',
    name: 'Orders',
    ...secretOf(kept, 'ORDERS_SERVICE_SECRET'),
    grantTypes: ['client_credentials', TOKEN_EXCHANGE],
    scope: ['billing:invoices:create', 'billing:read'],
    resourceServer: orders?.identifier ?? null,
    exchangeTargets: billing ? [billing.identifier] : [],
  };
}

/** People log in to it, and are asked whether it may have what it asks for. */
const application = {
  grantTypes: ['authorization_code', 'refresh_token'],
  scope: [
    ...['openid', 'profile', 'email', 'offline_access'],
    ...['orders:read', 'orders:write', 'billing:read'],
  ],
};

const withoutSecret = { authMethod: 'none', secretHashes: [] } as const;

const secretOf = (kept: KeptCredentials, name: string) =>
  ({ authMethod: 'client_secret_basic', secretHashes: [hashOfSecret(kept.get(name))] }) as const;
