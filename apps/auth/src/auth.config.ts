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
import { resourceServersSetting } from './resource-servers/resource-server.js';

export const AUTH_CONFIG = Symbol('AUTH_CONFIG');

const DEMO_RESOURCE_SERVERS =
  'http://localhost:3001 orders:read orders:write; ' +
  'http://localhost:3002 billing:read billing:pay billing:invoices:create';

export const authSettings = z.object({
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
  ACCESS_TOKEN_TTL: durationSeconds({ min: 1, max: 3600, default: 300 }).describe(
    'Lifetime of access tokens, in seconds.',
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
});

export type AuthConfig = Readonly<z.infer<typeof authSettings> & { ISSUER: string }>;

/** @throws {ConfigurationError} that lists every fault */
export function authConfig(env: NodeJS.ProcessEnv = process.env): AuthConfig {
  const settings = loadConfig(authSettings, env);
  return Object.freeze({
    ...settings,
    ISSUER: settings.ISSUER ?? `http://localhost:${settings.PORT}`,
  });
}
