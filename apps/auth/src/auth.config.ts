import {
  commonSettings,
  durationSeconds,
  flag,
  httpUrl,
  list,
  loadConfig,
  oneOf,
  secretSetting,
  wholeNumber,
} from '@gatehouse/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { z } from 'zod';

/** So many in so many seconds. */
export interface Quota {
  readonly points: number;
  readonly seconds: number;
}

const createQuota = (points: number, seconds: number): Quota => ({ points, seconds });

/**
 * What is counted, for each network (/24 of IPv4, /48 of IPv6) where nothing else is said. High enough for a large office
 * behind one address.
 */
const DEFAULT_RATE_LIMITS = {
  login: createQuota(300, 60),
  registration: createQuota(30, 3600),
  authorization: createQuota(1200, 60),
  /** Refreshes, codes and revocations of public clients. */
  token: createQuota(6000, 60),
  /** For each confidential client: the same. */
  client: createQuota(6000, 60),
  /** For each confidential client. */
  introspection: createQuota(60_000, 60),
  /** For each client and address: authentications that failed. */
  'failed-client': createQuota(30, 60),
  'failed-login': createQuota(100, 600),
  /** For each /16 of IPv4, /32 of IPv6. */
  'failed-login-nearby': createQuota(1000, 600),
};

export type LimitName = keyof typeof DEFAULT_RATE_LIMITS;
export type RateLimitSettings = Readonly<Record<LimitName, Quota>>;

const isLimitName = (name: string): name is LimitName => Object.hasOwn(DEFAULT_RATE_LIMITS, name);

export const LIMIT_NAMES: readonly LimitName[] =
  Object.keys(DEFAULT_RATE_LIMITS).filter(isLimitName);

const DEFAULT_RATE_LIMITS_TEXT = Object.entries(DEFAULT_RATE_LIMITS)
  .map(([name, { points, seconds }]) => `${name}=${points}/${seconds}`)
  .join(' ');

const QUOTA_ENTRY = /^([a-z-]+)=([1-9]\d{0,6})\/([1-9]\d{0,4})$/;
const RATE_LIMITS_OFF = /^(off|false|no|0)$/i;

/** A setting: `login=300/60 token=6000/60 …`, and what is not named keeps its default; or `off`, which is undefined. */
export const rateLimitsSetting = () =>
  z
    .string()
    .transform((text, context): RateLimitSettings | undefined => {
      if (RATE_LIMITS_OFF.test(text.trim())) return undefined;
      const quotas: Record<LimitName, Quota> = { ...DEFAULT_RATE_LIMITS };
      for (const entry of text.split(/[\s,]+/).filter(Boolean)) {
        const [, name = '', points, seconds] = QUOTA_ENTRY.exec(entry) ?? [];
        if (isLimitName(name)) quotas[name] = createQuota(Number(points), Number(seconds));
        else context.addIssue(`must be "off", or "name=number/seconds …"; "${entry}" is not right`);
      }
      return quotas;
    })
    .prefault(DEFAULT_RATE_LIMITS_TEXT);

/** A service that accepts access tokens of this server (RFC 8707). */
export interface ResourceServer {
  /** An absolute URI, the `aud` of its access tokens. The service need not listen there. */
  readonly identifier: string;
  readonly scopes: readonly string[];
}

/** scope-token of RFC 6749 §3.3. */
export const SCOPE_TOKEN_PATTERN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

const isValidResourceServer = ({ identifier, scopes }: ResourceServer): boolean =>
  URL.canParse(identifier) &&
  !identifier.includes('#') &&
  scopes.length > 0 &&
  scopes.every((scope) => SCOPE_TOKEN_PATTERN.test(scope));

/** A setting: `identifier scope scope …; identifier scope …`. */
const resourceServersSetting = () =>
  z.string().transform((text, context): readonly ResourceServer[] => {
    const servers = text
      .split(';')
      .map((part) => part.trim().split(/\s+/))
      .map(([identifier = '', ...scopes]) => ({ identifier, scopes }));
    const wrong = servers.find((server) => !isValidResourceServer(server));
    if (wrong) {
      context.addIssue(
        `must be "identifier scope scope …; …" with absolute URIs without fragment (RFC 8707 §2); ` +
          `"${wrong.identifier}" is not right`,
      );
    }
    return servers;
  });

export const AUTH_CONFIG = Symbol('AUTH_CONFIG');

const DEMO_RESOURCE_SERVERS =
  'http://localhost:3001 orders:read orders:write orders:read:any; ' +
  'http://localhost:3002 billing:read billing:pay billing:invoices:create billing:refund billing:admin';

/** The least that OWASP recommends, as KiB times passes: 7168 KiB with 5 passes. */
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
      'At least 32 random bytes as text; several, newest first, apart by commas, while it changes. ' +
        'Development makes one in `DATA_DIR`.',
    )
    .meta({ requiredInProduction: true }),
  SIGNING_ALGORITHM: oneOf(['ES256', 'RS256'])
    .default('ES256')
    .describe('Algorithm that access tokens are signed with.'),
  ID_TOKEN_ALGORITHM: oneOf(['RS256', 'ES256'])
    .default('RS256')
    .describe(
      'Algorithm that ID tokens are signed with, unless a client is registered for the other one of the two settings.',
    ),
  ACCESS_TOKEN_TTL: durationSeconds({ min: 1, max: 3600, default: 300 }).describe(
    'Lifetime of access tokens, in seconds.',
  ),
  ID_TOKEN_TTL: durationSeconds({ min: 1, max: 3600, default: 300 }).describe(
    'Lifetime of ID tokens, in seconds: how long a client may take to look at one.',
  ),
  AUTHORIZATION_CODE_TTL: durationSeconds({ min: 1, max: 600, default: 60 }).describe(
    'How long a client may take to redeem an authorization code, in seconds.',
  ),
  REFRESH_GRACE_SECONDS: durationSeconds({ min: 0, max: 60, default: 10 }).describe(
    'How long the previous refresh token still gives the same successor, in seconds; 0 turns it off.',
  ),
  REFRESH_IDLE_TTL: durationSeconds({ min: 60, max: 31_536_000, default: 1_209_600 }).describe(
    'A login ends when it was not refreshed for this long, in seconds.',
  ),
  REFRESH_ABSOLUTE_TTL: durationSeconds({
    min: 60,
    max: 31_536_000,
    default: 7_776_000,
  }).describe('A login ends after this long however it is used, in seconds.'),
  SESSIONS_PER_ACCOUNT: wholeNumber({ min: 1, max: 1000, default: 20 }).describe(
    'How many logins, and how many browsers that are logged in, an account may have at once; one more ends the oldest.',
  ),
  BROWSER_SESSION_IDLE_TTL: durationSeconds({
    min: 300,
    max: 31_536_000,
    default: 86_400,
  }).describe('A browser is logged out when nobody came with it for this long, in seconds.'),
  BROWSER_SESSION_TTL: durationSeconds({ min: 300, max: 31_536_000, default: 1_209_600 }).describe(
    'A browser is logged out this long after the latest login however it is used, in seconds.',
  ),
  DPOP_NONCE_TTL: durationSeconds({ min: 0, max: 3600, default: 300 }).describe(
    'How long a nonce for DPoP proofs is good at least (RFC 9449 §8), in seconds; 0 asks for none.',
  ),
  ARGON2_MEMORY_KIB: wholeNumber({ min: 7168, max: 1_048_576, default: 19_456 }).describe(
    'Memory that hashing one password takes (argon2id), in KiB. A login hashes anew what was hashed with other values.',
  ),
  ARGON2_PASSES: wholeNumber({ min: 1, max: 20, default: 2 }).describe(
    'Passes over that memory. OWASP has 19456 KiB with 2 passes, or 47104 with 1, 12288 with 3, 9216 with 4, 7168 with 5.',
  ),
  ARGON2_LANES: wholeNumber({ min: 1, max: 16, default: 1 }).describe(
    'Lanes that the memory is divided into.',
  ),
  LOGIN_DELAYS: flag(true).describe(
    'Whether failed logins make the next one wait. Off is for load tests only.',
  ),
  RATE_LIMITS: rateLimitsSetting().describe(
    'How much may be done in so many seconds, by `name=number/seconds`; what is not named keeps its default. `off` is for load tests only.',
  ),
  KEY_ROTATION_PERIOD: durationSeconds({ min: 10, max: 31_536_000, default: 2_592_000 }).describe(
    'How long a key signs before its successor does, in seconds.',
  ),
  KEY_SET_MAX_AGE: durationSeconds({ min: 1, max: 86_400, default: 300 }).describe(
    'How long verifiers may keep the key set, in seconds. It bounds how long a revoked key is trusted.',
  ),
  CLOCK_SKEW: durationSeconds({ min: 0, max: 300, default: 60 }).describe(
    'How far clocks of verifiers may be off, in seconds. Keys are published that much earlier and longer.',
  ),
  STATUS_LISTS: flag(true).describe(
    'Publishes which sessions ended before their access tokens did (Token Status List).',
  ),
  STATUS_LIST_TTL: durationSeconds({ min: 1, max: 900, default: 10 }).describe(
    'How long verifiers may keep a status list, in seconds.',
  ),
  EVENT_RETENTION: durationSeconds({
    min: 3600,
    max: 315_360_000,
    default: 31_536_000,
  }).describe('How long security events are kept, in seconds.'),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, error: 'must be an smtp:// or smtps:// URL' })
    .optional()
    .describe('Mail server for messages to account owners. Without one they are logged.')
    .meta({ secret: true, format: 'smtp URL' }),
  MAIL_FROM: z
    .email()
    .default('no-reply@gatehouse.example')
    .describe('Sender of messages to account owners.'),
  BACKGROUND_TASKS: flag(true).describe(
    'Whether this process takes part in rotation, clean-up and notification. One of all replicas must.',
  ),
  RESOURCE_SERVERS: resourceServersSetting()
    .prefault(DEMO_RESOURCE_SERVERS)
    .describe(
      'Who tokens are for: `identifier scope scope …`, apart by `;`. The first is the default audience.',
    )
    .meta({ requiredInProduction: true }),
  FIRST_PARTY_SCOPE: list(z.string())
    .prefault('orders:read orders:write billing:read billing:pay')
    .describe('What people may do through the first-party login, apart by spaces or commas.'),
  SEED_DEMO: flag(false)
    .describe('Makes a demo account and demo clients at start; refused in production.')
    .meta({ offInProduction: 'the demo is for development' }),
  SEED_CONFORMANCE: flag(false)
    .describe(
      'Makes the account and the clients that the conformance suite of the OpenID Foundation uses; refused in production.',
    )
    .meta({ offInProduction: 'these clients are for the conformance suite' }),
  CONFORMANCE_SUITE: httpUrl()
    .default('https://localhost.emobix.co.uk:8443/test/a/gatehouse')
    .describe(
      'Where that suite runs, with the alias of the test plan; what it calls back is below.',
    ),
});

export const authSettings = settings.refine(
  ({ ARGON2_MEMORY_KIB: memory, ARGON2_PASSES: passes }) => memory * passes >= MIN_HASHING_COST,
  {
    path: ['ARGON2_PASSES'],
    error: `must make ${MIN_HASHING_COST} or more when multiplied by ARGON2_MEMORY_KIB`,
  },
);

export type AuthConfig = Readonly<z.infer<typeof authSettings> & { ISSUER: string }>;

/** @throws {ConfigurationError} that lists every fault */
export function authConfig(env: NodeJS.ProcessEnv = process.env): AuthConfig {
  const settings = loadConfig(authSettings, env);
  return Object.freeze({
    ...settings,
    ISSUER: settings.ISSUER ?? `http://localhost:${settings.PORT}`,
  });
}

@Module({})
export class AuthConfigModule {
  static forRoot(config: AuthConfig): DynamicModule {
    return {
      module: AuthConfigModule,
      global: true,
      providers: [{ provide: AUTH_CONFIG, useValue: config }],
      exports: [AUTH_CONFIG],
    };
  }
}
