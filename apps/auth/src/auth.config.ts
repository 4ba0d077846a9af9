import {
  commonSettings,
  durationSeconds,
  flag,
  httpUrl,
  list,
  loadConfig,
  oneOf,
  quotas,
  secretSetting,
  wholeNumber,
} from '@gatehouse/service-kit';
import { z } from 'zod';
import { DEFAULT_USER_SCOPES, defaultResourceServersSetting } from './default-resource-servers.js';
import { DEFAULT_RATE_LIMITS } from './platform/default-rate-limits.js';
import { mailSettings } from './platform/notifications/mail-settings.js';
import { resourceServersSetting } from './platform/resource-servers.js';

export const AUTH_CONFIG = Symbol('AUTH_CONFIG');

/** The minimum that OWASP recommends, as KiB times passes: 7168 KiB with 5 passes. */
const MIN_HASHING_COST = 7168 * 5;

const settings = z.object({
  ...commonSettings({ port: 3000 }),
  ISSUER: httpUrl()
    .optional()
    .describe('Public base URL of this server; becomes `iss`. Default: `http://localhost:<PORT>`.')
    .meta({ requiredInProduction: true, httpsInProduction: true }),
  SERVER_SECRET: secretSetting()
    .optional()
    .describe(
      'At least 32 random bytes as text. During a rotation several secrets, newest first, separated by commas. ' +
        'Development creates one in `DATA_DIR`.',
    )
    .meta({ requiredInProduction: true }),
  SIGNING_ALGORITHM: oneOf(['ES256', 'RS256'])
    .default('ES256')
    .describe('Signature algorithm of access tokens.'),
  ID_TOKEN_ALGORITHM: oneOf(['RS256', 'ES256'])
    .default('RS256')
    .describe(
      'Signature algorithm of ID tokens. A client can be registered for the algorithm of access tokens instead.',
    ),
  ACCESS_TOKEN_TTL: durationSeconds({ min: 1, max: 3600, default: 300 }).describe(
    'Lifetime of access tokens, in seconds.',
  ),
  ID_TOKEN_TTL: durationSeconds({ min: 1, max: 3600, default: 300 }).describe(
    'Lifetime of ID tokens, in seconds. A client must verify an ID token within this time.',
  ),
  AUTHORIZATION_CODE_TTL: durationSeconds({ min: 1, max: 600, default: 60 }).describe(
    'Lifetime of authorization codes, in seconds.',
  ),
  REFRESH_GRACE_SECONDS: durationSeconds({ min: 0, max: 600, default: 10 }).describe(
    'Seconds in which a client that lost an answer (mobile apps: 60), or a thief, gets the same successor again; 0 turns it off.',
  ),
  REFRESH_IDLE_TTL: durationSeconds({ min: 60, max: 31_536_000, default: 1_209_600 }).describe(
    'A session expires when it was not refreshed for this long, in seconds.',
  ),
  REFRESH_ABSOLUTE_TTL: durationSeconds({ min: 60, max: 31_536_000, default: 7_776_000 }).describe(
    'A session expires this long after its login, in seconds.',
  ),
  SESSIONS_PER_ACCOUNT: wholeNumber({ min: 1, max: 1000, default: 20 }).describe(
    'Maximum sessions, and browser sessions, per account. One more revokes the oldest, first of the same client or device.',
  ),
  BROWSER_SESSION_IDLE_TTL: durationSeconds({
    min: 300,
    max: 31_536_000,
    default: 86_400,
  }).describe('A browser session expires when it was not used for this long, in seconds.'),
  BROWSER_SESSION_TTL: durationSeconds({ min: 300, max: 31_536_000, default: 1_209_600 }).describe(
    'A browser session expires this long after its latest login, in seconds.',
  ),
  BROWSER_SESSION_PERSISTS: flag(false).describe(
    'Whether users stay signed in after they close the browser: the session cookie then lasts for `BROWSER_SESSION_TTL`. ' +
      'Apps that sign in through the system browser of iOS need it.',
  ),
  DPOP_NONCE_TTL: durationSeconds({ min: 0, max: 3600, default: 300 }).describe(
    'Minimum validity of a nonce for DPoP proofs (RFC 9449 §8), in seconds; 0 requires no nonce.',
  ),
  ARGON2_MEMORY_KIB: wholeNumber({ min: 7168, max: 1_048_576, default: 19_456 }).describe(
    'Memory for hashing one password (argon2id), in KiB. A login replaces a hash that was made with other values.',
  ),
  ARGON2_PASSES: wholeNumber({ min: 1, max: 20, default: 2 }).describe(
    'Passes over that memory. OWASP recommends 19456 KiB with 2 passes, 47104 with 1, 12288 with 3, 9216 with 4, or 7168 with 5.',
  ),
  ARGON2_LANES: wholeNumber({ min: 1, max: 16, default: 1 }).describe(
    'Number of lanes that the memory is divided into.',
  ),
  LOGIN_DELAYS: flag(true).describe(
    'Whether failed logins delay the next login. Turn it off for load tests only.',
  ),
  RATE_LIMITS: quotas(DEFAULT_RATE_LIMITS).describe(
    'Rate limits as `name=number/seconds`. Limits that are not named keep their defaults. Use `off` for load tests only.',
  ),
  KEY_ROTATION_PERIOD: durationSeconds({ min: 10, max: 31_536_000, default: 2_592_000 }).describe(
    'How long a key signs before its successor takes over, in seconds.',
  ),
  KEY_SET_MAX_AGE: durationSeconds({ min: 1, max: 86_400, default: 300 }).describe(
    'How long verifiers may cache the key set, in seconds. A revoked key is trusted for at most this long.',
  ),
  CLOCK_SKEW: durationSeconds({ min: 0, max: 300, default: 60 }).describe(
    'How far clocks of replicas and verifiers may be off, in seconds. Keys are published earlier and longer because of it.',
  ),
  STATUS_LISTS: flag(true).describe(
    'Whether the server publishes the revoked sessions (Token Status List).',
  ),
  STATUS_LIST_TTL: durationSeconds({ min: 1, max: 900, default: 10 }).describe(
    'How long verifiers may cache a status list, in seconds.',
  ),
  EVENT_RETENTION: durationSeconds({ min: 3600, max: 315_360_000, default: 31_536_000 }).describe(
    'How long security events are kept, in seconds.',
  ),
  ...mailSettings,
  BACKGROUND_TASKS: flag(true).describe(
    'Whether this process may run key rotation, clean-up and notifications. At least one replica must.',
  ),
  RESOURCE_SERVERS: resourceServersSetting()
    .prefault(defaultResourceServersSetting())
    .describe(
      'Resource servers and their scopes: `identifier scope scope …`, separated by `;`. The first one is the default audience. ' +
        '`scope@role` is a scope that a user needs the role for, `scope@a@b` one of two roles, ' +
        '`scope@service` a scope that clients get for themselves only.',
    )
    .meta({ requiredInProduction: true }),
  FIRST_PARTY_SCOPE: list(z.string())
    .prefault(DEFAULT_USER_SCOPES.join(' '))
    .describe('Scopes of the first-party login, separated by spaces or commas.'),
  REGISTRATION: oneOf(['open', 'closed', 'invited'])
    .optional()
    .describe(
      'Whether users may register: `open`, `closed`, or `invited` with a link of `ops accounts invite`. ' +
        'Default: `closed` in production, `open` otherwise.',
    ),
  EMAIL_VERIFICATION: oneOf(['required', 'optional'])
    .optional()
    .describe(
      'Whether registration creates the account before (`optional`) or after (`required`) its owner confirms the e-mail address. ' +
        'Default: `required` in production, `optional` otherwise.',
    ),
  SEED_DEMO: flag(false)
    .describe('Creates a demo account and demo clients at start. Rejected in production.')
    .meta({ offInProduction: 'the demo is for development' }),
  SEED_CLIENTS: z
    .string()
    .optional()
    .describe(
      'File with clients as `clients apply` reads them, registered at each start. Rejected in production.',
    )
    .meta({ offInProduction: 'clients are registered by `clients apply`' }),
  SEED_CONFORMANCE: flag(false)
    .describe(
      'Creates the account and the clients of the conformance suite of the OpenID Foundation. Rejected in production.',
    )
    .meta({ offInProduction: 'these clients are for the conformance suite' }),
  CONFORMANCE_SUITE: httpUrl()
    .default('https://localhost.emobix.co.uk:8443/test/a/gatehouse')
    .describe(
      'Base URL of that suite, with the alias of the test plan. The redirect URIs are below it.',
    ),
});

export const authSettings = settings
  .refine(
    ({ ARGON2_MEMORY_KIB: memory, ARGON2_PASSES: passes }) => memory * passes >= MIN_HASHING_COST,
    {
      path: ['ARGON2_PASSES'],
      error: `must be at least ${MIN_HASHING_COST} when multiplied by ARGON2_MEMORY_KIB`,
    },
  )
  .refine((values) => values.SMTP_URL !== undefined || !needsMailServer(values), {
    path: ['SMTP_URL'],
    error:
      'must be given, because registration sends a mail (REGISTRATION and EMAIL_VERIFICATION=required); ' +
      'EMAIL_VERIFICATION=optional lets users register without it',
  });

/** Without a mail server, users of a production server could never finish their registration. */
function needsMailServer(values: z.infer<typeof settings>): boolean {
  const isOpen = values.REGISTRATION === 'open' || values.REGISTRATION === 'invited';
  return values.NODE_ENV === 'production' && isOpen && values.EMAIL_VERIFICATION !== 'optional';
}

type RegistrationMode = 'open' | 'closed' | 'invited';
export type AuthConfig = Readonly<
  z.infer<typeof authSettings> & {
    ISSUER: string;
    REGISTRATION: RegistrationMode;
    EMAIL_VERIFICATION: 'required' | 'optional';
  }
>;

/** @throws {ConfigurationError} that lists all wrong settings */
export function authConfig(env: NodeJS.ProcessEnv = process.env): AuthConfig {
  const settings = loadConfig(authSettings, env);
  const isProduction = settings.NODE_ENV === 'production';
  return Object.freeze({
    ...settings,
    ISSUER: settings.ISSUER ?? `http://localhost:${settings.PORT}`,
    REGISTRATION: settings.REGISTRATION ?? (isProduction ? 'closed' : 'open'),
    EMAIL_VERIFICATION: settings.EMAIL_VERIFICATION ?? (isProduction ? 'required' : 'optional'),
  });
}
