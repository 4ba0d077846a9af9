import { ALGORITHMS } from '@gatehouse/guards';
import {
  commonSettings,
  durationSeconds,
  flag,
  httpUrl,
  list,
  loadConfig,
  oneOf,
} from '@gatehouse/service-kit';
import { z } from 'zod';

export const billingSettings = z.object({
  ...commonSettings({ port: 3002 }),
  AUTH_ISSUER: httpUrl()
    .default('http://localhost:3000')
    .describe('The authorization server whose tokens are accepted: their `iss`, to the letter.')
    .meta({ requiredInProduction: true, httpsInProduction: true }),
  AUTH_JWKS_URI: httpUrl()
    .optional()
    .describe("Where the issuer's keys are. Default: what its metadata says (RFC 8414)."),
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
    .default('http://localhost:3002')
    .describe('The name of this resource server, which tokens must have in `aud`.')
    .meta({ requiredInProduction: true, format: 'URI' }),
  ALGORITHMS: list(z.string())
    .pipe(z.array(oneOf(ALGORITHMS)))
    .default(['ES256', 'RS256'])
    .describe('The only algorithms that tokens may be signed with.')
    .meta({ format: 'list, separated by commas' }),
  FAKE_PAYMENTS: z
    .stringbool({ error: 'must be true or false' })
    .optional()
    .describe(
      'Takes payments by a stand-in that moves no money. Default: only where NODE_ENV is not production.',
    )
    .meta({ offInProduction: 'nobody would pay', format: 'true or false' }),
  DOCS_CLIENT_ID: z
    .string()
    .optional()
    .describe(
      'The public client as which people log in from /docs. Without one the page takes a token.',
    ),
  ALLOW_INSECURE_HTTP: flag(false)
    .describe(
      'Fetches keys over plain http from other hosts too; for a network of your own, refused in production.',
    )
    .meta({ offInProduction: 'whoever can change the keys on their way here can sign tokens' }),
});

export type BillingConfig = Readonly<z.infer<typeof billingSettings>>;

/** Until a real provider is put in its place, production takes no payments. */
export const shouldUseFakePayments = ({ FAKE_PAYMENTS, NODE_ENV }: BillingConfig): boolean =>
  FAKE_PAYMENTS ?? NODE_ENV !== 'production';

/** @throws {ConfigurationError} that lists every fault */
export function billingConfig(env: NodeJS.ProcessEnv = process.env): BillingConfig {
  return loadConfig(billingSettings, env);
}
