import { ALGORITHMS } from '@gatehouse/guards';
import { commonSettings, flag, httpUrl, list, loadConfig, oneOf } from '@gatehouse/service-kit';
import { z } from 'zod';

export const billingSettings = z
  .object({
    ...commonSettings({ port: 3002 }),
    AUTH_ISSUER: httpUrl()
      .default('http://localhost:3000')
      .describe('The authorization server whose tokens are accepted: their `iss`, to the letter.')
      .meta({ requiredInProduction: true }),
    AUTH_JWKS_URI: httpUrl()
      .optional()
      .describe("Where the issuer's keys are. Default: what its metadata says (RFC 8414)."),
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
    ALLOW_INSECURE_HTTP: flag(false).describe(
      'Fetches keys over plain http from other hosts too; for a network of your own, refused in production.',
    ),
  })
  .superRefine((settings, context) => {
    for (const [name, fault] of transportFaults(settings)) {
      context.addIssue({ code: 'custom', path: [name], message: fault });
    }
  });

export type BillingConfig = Readonly<z.infer<typeof billingSettings>>;

interface Transport {
  readonly NODE_ENV: string;
  readonly AUTH_ISSUER: string;
  readonly AUTH_JWKS_URI?: string | undefined;
  readonly ALLOW_INSECURE_HTTP: boolean;
}

/** Whoever can change the keys on their way here can sign tokens. */
function* transportFaults(settings: Transport): Iterable<[string, string]> {
  const { AUTH_ISSUER, AUTH_JWKS_URI, ALLOW_INSECURE_HTTP } = settings;
  const production = settings.NODE_ENV === 'production';
  const source = AUTH_JWKS_URI === undefined ? 'AUTH_ISSUER' : 'AUTH_JWKS_URI';
  if (production && ALLOW_INSECURE_HTTP) yield ['ALLOW_INSECURE_HTTP', 'must be false'];
  if (production && AUTH_ISSUER.startsWith('http:')) yield ['AUTH_ISSUER', 'must be an https URL'];
  else if (!ALLOW_INSECURE_HTTP && isExposed(AUTH_JWKS_URI ?? AUTH_ISSUER)) {
    yield [source, 'must be an https URL, or ALLOW_INSECURE_HTTP true outside of production'];
  }
}

function isExposed(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** @throws {ConfigurationError} that lists every fault */
export function billingConfig(env: NodeJS.ProcessEnv = process.env): BillingConfig {
  return loadConfig(billingSettings, env);
}
