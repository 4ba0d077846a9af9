import { z } from 'zod';
import { LOG_LEVELS } from './log-level.js';
import { durationSeconds, oneOf, postgresUrl, trustedProxies, wholeNumber } from './settings.js';

/** The settings that every service has. Spread them into the service's own schema. */
export function commonSettings({ port }: { readonly port: number }) {
  return {
    NODE_ENV: oneOf(['development', 'test', 'production'])
      .default('development')
      .describe('With `production` nothing is generated and no secret has a default.'),
    HOST: z
      .string()
      .default('127.0.0.1')
      .describe('The address to listen on; containers set `0.0.0.0`.'),
    PORT: wholeNumber({ min: 0, max: 65535, default: port }).describe(
      'The TCP port to listen on; 0 takes a free one.',
    ),
    DATABASE_URL: postgresUrl()
      .optional()
      .describe('A PostgreSQL database; without it, SQLite in `DATA_DIR`.'),
    DATA_DIR: z
      .string()
      .default('./data')
      .describe('The folder of the SQLite files and of what development generates.'),
    IDLE_POLL_SECONDS: wholeNumber({ min: 1, max: 3_600, default: 12 }).describe(
      'The longest pause of most jobs that find no work. More lets a serverless database sleep; work of a process that died waits as long.',
    ),
    LOG_LEVEL: oneOf(LOG_LEVELS).default('info').describe('The least severe level that is logged.'),
    ...connectionSettings(),
    ...capacityAndTelemetrySettings(),
  };
}

/** What must fit the proxies and load balancers in front. */
function connectionSettings() {
  return {
    TRUST_PROXY: trustedProxies().describe(
      'Proxies in front whose `X-Forwarded-*` count: their number (`1`) or networks (`10.0.0.0/8`, `loopback`, `linklocal`, `uniquelocal`). ' +
        '`true` trusts every sender: only behind a proxy that overwrites the fields.',
    ),
    KEEP_ALIVE_TIMEOUT: durationSeconds({ min: 1, max: 3_600, default: 72 }).describe(
      'How long an idle connection stays open, in seconds. If the proxy in front keeps it longer, requests get 502: ' +
        'nginx and AWS ALB 60, Traefik 90, Caddy 120, Google Cloud 600.',
    ),
    MAX_CONNECTIONS_PER_ADDRESS: wholeNumber({ min: 0, max: 100_000, default: 1_000 }).describe(
      'How many connections one address (IPv6: one /64) may have open; more are closed. Proxies of `TRUST_PROXY` are not limited. 0 turns it off.',
    ),
  };
}

/** Limits of a service, and its metrics and traces. */
function capacityAndTelemetrySettings() {
  return {
    MAX_REQUESTS_IN_FLIGHT: wholeNumber({ min: 1, max: 100_000, default: 1_000 }).describe(
      'How many requests are answered at once; more are refused with 503.',
    ),
    METRICS_PORT: portNumber()
      .optional()
      .describe('The TCP port of `/metrics` for Prometheus; without it there are none.'),
    METRICS_HOST: z
      .string()
      .default('127.0.0.1')
      .describe('The address that `/metrics` listens on; keep it inside.'),
    OTEL_EXPORTER_OTLP_ENDPOINT: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .meta({ format: 'URL' })
      .optional()
      .describe(
        'Base URL of an OpenTelemetry collector (OTLP over HTTP); without it nothing is traced.',
      ),
    OTEL_TRACES_SAMPLER_ARG: z.coerce
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe('The share of traces that begin here and are kept, 0 to 1.')
      .meta({ format: 'number' }),
  };
}

function portNumber() {
  const error = 'must be a whole number from 0 to 65535';
  return z.coerce.number({ error }).int({ error }).min(0, { error }).max(65_535, { error });
}
