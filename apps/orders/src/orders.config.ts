import { ALGORITHMS } from '@gatehouse/guards';
import {
  commonSettings,
  durationSeconds,
  flag,
  httpUrl,
  list,
  loadConfig,
  oneOf,
  origins,
  secretSetting,
} from '@gatehouse/service-kit';
import { z } from 'zod';

export const ORDERS_CONFIG = Symbol('ORDERS_CONFIG');

export const ordersSettings = z.object({
  ...commonSettings({ port: 3001 }),
  AUTH_ISSUER: httpUrl()
    .default('http://localhost:3000')
    .describe('Issuer of the accepted tokens: the exact value of their `iss`.')
    .meta({ requiredInProduction: true, httpsInProduction: true }),
  AUTH_JWKS_URI: httpUrl()
    .optional()
    .describe(
      "Address of the issuer's key set. Default: `jwks_uri` of the issuer's metadata (RFC 8414).",
    ),
  AUTH_TOKEN_ENDPOINT: httpUrl()
    .optional()
    .describe(
      'Address where this service requests its own tokens. Default: `token_endpoint` of the metadata (RFC 8414).',
    )
    .meta({ httpsInProduction: true }),
  AUTH_STATUS_LISTS_ORIGIN: httpUrl()
    .optional()
    .describe(
      "Origin of the issuer's status lists: scheme, host and port. Default: the origin of `AUTH_JWKS_URI`, or else the address in the token.",
    ),
  STATUS_MAX_AGE: durationSeconds({ min: 1, max: 300, default: 10 }).describe(
    'How many seconds after the issuer has published a revocation this service rejects the session at the latest.',
  ),
  CLOCK_TOLERANCE: durationSeconds({ min: 0, max: 60, default: 5 }).describe(
    "How many seconds the clocks of this service and of the issuer may differ when a token's times are checked.",
  ),
  AUDIENCE: z
    .url({ error: 'must be an absolute URI' })
    .default('http://localhost:3001')
    .describe('Identifier of this resource server. Accepted tokens have it in `aud`.')
    .meta({ requiredInProduction: true, format: 'URI' }),
  PUBLIC_URL: httpUrl()
    .refine((url) => !url.includes('?'), 'must have no query')
    .optional()
    .describe(
      'Address by which clients call this service. DPoP proofs name it (RFC 9449). Default: the origin of `AUDIENCE`, if that is a URL.',
    ),
  ALGORITHMS: list(z.string())
    .pipe(z.array(oneOf(ALGORITHMS)))
    .default(['ES256', 'RS256'])
    .describe('Accepted signature algorithms of tokens.')
    .meta({ format: 'list, separated by commas' }),
  CLIENT_ID: z
    .string()
    .default('orders-service')
    .describe('Client id of this service at the authorization server.'),
  CLIENT_SECRET: secretSetting()
    .regex(/^[\x20-\x7e]+$/, 'must be one line of printable ASCII characters (RFC 6749 §A.2)')
    .optional()
    .describe(
      'Client secret of this service. Without one, orders are stored and their invoices wait.',
    )
    .meta({ requiredInProduction: true }),
  BILLING_URL: httpUrl()
    .default('http://localhost:3002')
    .describe('Address of billing.')
    .meta({ requiredInProduction: true, httpsInProduction: true }),
  BILLING_RESOURCE: z
    .url({ error: 'must be an absolute URI' })
    .default('http://localhost:3002')
    .describe('Identifier of billing: the value of its `AUDIENCE`.')
    .meta({ requiredInProduction: true, format: 'URI' }),
  CORS_ORIGINS: origins().describe(
    'Origins of web and hybrid apps whose scripts may call this service, such as `https://app.example.com` or `capacitor://localhost`.',
  ),
  DOCS_CLIENT_ID: z
    .string()
    .optional()
    .describe(
      'Public client with which users log in from /docs. Without one, the page asks for a token.',
    ),
  ALLOW_INSECURE_HTTP: flag(false)
    .describe(
      'Allows plain http to hosts that are not loopback, for keys and tokens. Only for a private network, and rejected in production.',
    )
    .meta({ offInProduction: 'an attacker who changes the keys in transit can sign tokens' }),
});

export type OrdersConfig = Readonly<z.infer<typeof ordersSettings>>;

/** @throws {ConfigurationError} with all faults */
export function ordersConfig(env: NodeJS.ProcessEnv = process.env): OrdersConfig {
  return loadConfig(ordersSettings, env);
}
