import {
  commonSettings,
  durationSeconds,
  flag,
  httpUrl,
  isLoopbackHost,
  loadConfig,
  oneOf,
  parseUrl,
  secretSetting,
  wholeNumber,
} from '@gatehouse/service-kit';
import { z } from 'zod';
import { clientKeySetting } from './authorization-server/client-key.js';

export const WEB_CONFIG = Symbol('WEB_CONFIG');

export const TOOLS = ['shop', 'back-office'] as const;
export type Tool = (typeof TOOLS)[number];

const resource = () => z.url({ error: 'must be an absolute URI' });

export const webSettings = z.object({
  ...commonSettings({ port: 3003 }),
  TOOL: oneOf(TOOLS)
    .default('shop')
    .describe('Which of the two tools this process serves. Both may share one database.'),
  PUBLIC_URL: httpUrl()
    .optional()
    .describe(
      'Address by which browsers open this tool: scheme, host and port. Default: `http://localhost:<PORT>`.',
    )
    .meta({ requiredInProduction: true, httpsInProduction: true }),
  AUTH_ISSUER: httpUrl()
    .default('http://localhost:3000')
    .describe('Issuer of the tokens, as browsers reach it.')
    .meta({ requiredInProduction: true, httpsInProduction: true }),
  AUTH_URL: httpUrl()
    .optional()
    .describe(
      'Address of the authorization server for this process, if it differs from `AUTH_ISSUER`, for instance inside a cluster.',
    )
    .meta({ httpsInProduction: true }),
  CLIENT_ID: z
    .string()
    .optional()
    .describe('Client id at the authorization server. Default: `web-<TOOL>`.'),
  CLIENT_KEY: clientKeySetting()
    .optional()
    .describe(
      'Private key of the client (ES256) as a JWK, in JSON or base64url. Without one, sign-in answers 503.',
    )
    .meta({ requiredInProduction: true }),
  SESSION_SECRET: secretSetting()
    .optional()
    .describe(
      'At least 32 random bytes as text, which encrypt sessions together with the secret of each cookie. ' +
        'During a rotation several secrets, newest first, separated by commas. Development creates one in `DATA_DIR`.',
    )
    .meta({ requiredInProduction: true }),
  ORDERS_URL: httpUrl()
    .default('http://localhost:3001')
    .describe('Address of orders.')
    .meta({ requiredInProduction: true }),
  ORDERS_RESOURCE: resource()
    .default('http://localhost:3001')
    .describe('Identifier of orders: the value of its `AUDIENCE`.')
    .meta({ requiredInProduction: true, format: 'URI' }),
  BILLING_URL: httpUrl()
    .default('http://localhost:3002')
    .describe('Address of billing.')
    .meta({ requiredInProduction: true }),
  BILLING_RESOURCE: resource()
    .default('http://localhost:3002')
    .describe('Identifier of billing: the value of its `AUDIENCE`.')
    .meta({ requiredInProduction: true, format: 'URI' }),
  SESSION_IDLE_TTL: durationSeconds({ min: 60, max: 31_536_000, default: 86_400 }).describe(
    'A session expires when it was not used for this long, in seconds.',
  ),
  SESSION_TTL: durationSeconds({ min: 60, max: 31_536_000, default: 1_209_600 }).describe(
    'A session expires this long after its sign-in, in seconds.',
  ),
  SESSIONS_PER_ACCOUNT: wholeNumber({ min: 1, max: 1000, default: 20 }).describe(
    'Maximum sessions of one account in one tool. One more ends the oldest.',
  ),
  DEMO_ACTIVITY: flag(false)
    .describe('Shows the panel with the requests and token claims behind each click.')
    .meta({ offInProduction: 'the panel shows token claims and has drills' }),
  DEMO_CONTROL_URL: httpUrl()
    .refine((url) => isLoopbackHost(parseUrl(url)?.hostname ?? ''), 'must be a loopback address')
    .optional()
    .describe('Address of the launcher for the drills of the panel. `npm start` sets it.'),
  DEMO_CONTROL_SECRET: secretSetting()
    .optional()
    .describe('Secret of the launcher. `npm start` sets it.'),
  ALLOW_INSECURE_HTTP: flag(false)
    .describe(
      'Allows plain http to an authorization server that is not on a loopback address. Only for a private network, and rejected in production.',
    )
    .meta({ offInProduction: 'an attacker who changes the keys in transit can sign tokens' }),
});

type Defaults = { readonly PUBLIC_URL: string; readonly CLIENT_ID: string };
export type WebConfig = Readonly<z.infer<typeof webSettings> & Defaults>;

/** @throws {ConfigurationError} with all faults */
export function webConfig(env: NodeJS.ProcessEnv = process.env): WebConfig {
  const settings = loadConfig(webSettings, env);
  return Object.freeze({
    ...settings,
    PUBLIC_URL: new URL(settings.PUBLIC_URL ?? `http://localhost:${settings.PORT}`).origin,
    CLIENT_ID: settings.CLIENT_ID ?? `web-${settings.TOOL}`,
  });
}
