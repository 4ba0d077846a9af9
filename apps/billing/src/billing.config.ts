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
} from '@gatehouse/service-kit';
import { z } from 'zod';

export const billingSettings = z.object({
  ...commonSettings({ port: 3002 }),
  AUTH_ISSUER: httpUrl()
    .default('http://localhost:3000')
    .describe('Issuer of the accepted tokens: the exact value of their `iss`.')
    .meta({ requiredInProduction: true, httpsInProduction: true }),
  AUTH_JWKS_URI: httpUrl()
    .optional()
    .describe(
      "Address of the issuer's key set. Default: `jwks_uri` of the issuer's metadata (RFC 8414).",
    ),
  AUTH_STATUS_LISTS_ORIGIN: httpUrl()
    .optional()
    .describe(
      "Origin of the issuer's status lists: scheme, host and port. Default: the origin of `AUTH_JWKS_URI`, or else the address in the token.",
    ),
  STATUS_MAX_AGE: durationSeconds({ min: 1, max: 300, default: 10 }).describe(
    'How many seconds after the issuer has published a revocation this service rejects the session at the latest.',
  ),
  AUDIENCE: z
    .url({ error: 'must be an absolute URI' })
    .default('http://localhost:3002')
    .describe('Identifier of this resource server. Accepted tokens have it in `aud`.')
    .meta({ requiredInProduction: true, format: 'URI' }),
  ALGORITHMS: list(z.string())
    .pipe(z.array(oneOf(ALGORITHMS)))
    .default(['ES256', 'RS256'])
    .describe('Accepted signature algorithms of tokens.')
    .meta({ format: 'list, separated by commas' }),
  FAKE_PAYMENTS: z
    .stringbool({ error: 'must be true or false' })
    .optional()
    .describe(
      'Uses a fake payment provider that moves no money. Default: true unless NODE_ENV is production.',
    )
    .meta({ offInProduction: 'no customer would pay', format: 'true or false' }),
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
      'Allows plain http to hosts that are not loopback, for keys. Only for a private network, and rejected in production.',
    )
    .meta({ offInProduction: 'an attacker who changes the keys in transit can sign tokens' }),
});

export type BillingConfig = Readonly<z.infer<typeof billingSettings>>;

/** Production needs a real provider. Until it has one, it accepts no payments. */
export const shouldUseFakePayments = ({ FAKE_PAYMENTS, NODE_ENV }: BillingConfig): boolean =>
  FAKE_PAYMENTS ?? NODE_ENV !== 'production';

/** @throws {ConfigurationError} with all faults */
export function billingConfig(env: NodeJS.ProcessEnv = process.env): BillingConfig {
  return loadConfig(billingSettings, env);
}
