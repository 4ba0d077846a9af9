import { ALGORITHMS } from '@gatehouse/guards';
import {
  commonSettings,
  durationSeconds,
  flag,
  httpUrl,
  list,
  loadConfig,
  oneOf,
  secretSetting,
} from '@gatehouse/service-kit';
import { z } from 'zod';

export const ORDERS_CONFIG = Symbol('ORDERS_CONFIG');

export const ordersSettings = z.object({
  ...commonSettings({ port: 3001 }),
  AUTH_ISSUER: httpUrl()
    .default('http://localhost:3000')
    .describe('The authorization server whose tokens are accepted: their `iss`, to the letter.')
    .meta({ requiredInProduction: true, httpsInProduction: true }),
  AUTH_JWKS_URI: httpUrl()
    .optional()
    .describe("Where the issuer's keys are. Default: what its metadata says (RFC 8414)."),
  AUTH_TOKEN_ENDPOINT: httpUrl()
    .optional()
    .describe('Where this service gets its own tokens. Default: what the metadata says (RFC 8414).')
    .meta({ httpsInProduction: true }),
  AUTH_STATUS_LISTS_ORIGIN: httpUrl()
    .optional()
    .describe(
      "Where the issuer's status lists are: scheme, host and port. Default: those of `AUTH_JWKS_URI`, else as tokens say.",
    ),
  STATUS_MAX_AGE: durationSeconds({ min: 1, max: 300, default: 10 }).describe(
    'A session whose end the issuer has published is refused here after this long at the latest, in seconds.',
  ),
  AUDIENCE: z
    .url({ error: 'must be an absolute URI' })
    .default('http://localhost:3001')
    .describe('The name of this resource server, which tokens must have in `aud`.')
    .meta({ requiredInProduction: true, format: 'URI' }),
  PUBLIC_URL: httpUrl()
    .optional()
    .describe(
      'Where clients reach this service, which a proof of possession has to name (RFC 9449). Default: the origin of `AUDIENCE`, if that is a URL.',
    ),
  ALGORITHMS: list(z.string())
    .pipe(z.array(oneOf(ALGORITHMS)))
    .default(['ES256', 'RS256'])
    .describe('The only algorithms that tokens may be signed with.')
    .meta({ format: 'list, separated by commas' }),
  CLIENT_ID: z
    .string()
    .default('orders-service')
    .describe('What this service is called at the authorization server, as a client.'),
  CLIENT_SECRET: secretSetting()
    .optional()
    .describe('Its secret there. Without one orders are kept, and their invoices wait for it.')
    .meta({ requiredInProduction: true }),
  BILLING_URL: httpUrl()
    .default('http://localhost:3002')
    .describe('Where billing answers.')
    .meta({ requiredInProduction: true, httpsInProduction: true }),
  BILLING_RESOURCE: z
    .url({ error: 'must be an absolute URI' })
    .default('http://localhost:3002')
    .describe('The name of billing: the `AUDIENCE` that it has there.')
    .meta({ requiredInProduction: true, format: 'URI' }),
  DOCS_CLIENT_ID: z
    .string()
    .optional()
    .describe(
      'The public client as which people log in from /docs. Without one the page takes a token.',
    ),
  ALLOW_INSECURE_HTTP: flag(false)
    .describe(
      'Fetches keys and tokens over plain http from other hosts too; for a network of your own, refused in production.',
    )
    .meta({ offInProduction: 'whoever can change the keys on their way here can sign tokens' }),
});

export type OrdersConfig = Readonly<z.infer<typeof ordersSettings>>;

/** @throws {ConfigurationError} that lists every fault */
export function ordersConfig(env: NodeJS.ProcessEnv = process.env): OrdersConfig {
  return loadConfig(ordersSettings, env);
}
