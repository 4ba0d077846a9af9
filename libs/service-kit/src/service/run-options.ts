import type { RunOptions } from './service.options.js';

/** As much of the common settings as says where and how a service runs. */
interface RunSettings {
  readonly HOST: string;
  readonly PORT: number;
  readonly MAX_REQUESTS_IN_FLIGHT: number;
  readonly METRICS_HOST: string;
  readonly METRICS_PORT?: number | undefined;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}

export function runOptionsOf(
  config: RunSettings,
): Pick<RunOptions, 'host' | 'port' | 'requestsInFlight' | 'metrics' | 'tracing'> {
  const { METRICS_PORT: port, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = config;
  return {
    host: config.HOST,
    port: config.PORT,
    requestsInFlight: config.MAX_REQUESTS_IN_FLIGHT,
    metrics: port === undefined ? undefined : { host: config.METRICS_HOST, port },
    tracing:
      endpoint === undefined ? undefined : { endpoint, ratio: config.OTEL_TRACES_SAMPLER_ARG },
  };
}
