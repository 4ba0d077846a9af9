export { Clock } from './clock.js';

export { ConfigurationError } from './configuration/configuration-error.js';
export { commonSettings } from './configuration/common-settings.js';
export { describeSettings } from './configuration/describe-settings.js';
export { loadConfig } from './configuration/load-config.js';
export { renderConfigurationTable, renderDotEnv } from './configuration/render-settings.js';
export {
  durationSeconds,
  flag,
  httpUrl,
  list,
  oneOf,
  postgresUrl,
  secretSetting,
  wholeNumber,
} from './configuration/settings.js';
export type { SettingRow } from './configuration/describe-settings.js';
export type { Environment } from './configuration/read-environment.js';

export { HealthModule } from './health/health.module.js';
export type { HealthChecks } from './health/health-checks.js';

export { accessTokenScheme, clientScheme } from './openapi/openapi.js';
export type { OpenApiOptions } from './openapi/openapi.options.js';

export { Metrics } from './metrics/metrics.js';

export { Problem } from './problem-details/problem.js';
export { ProblemDetailsFilter } from './problem-details/problem-details.filter.js';
export { problemOf } from './problem-details/problem-of.js';
export type { ProblemDetails } from './problem-details/problem.js';

export { createService } from './service/create-service.js';
export { withoutEmpty } from './service/parameters.js';
export { runOptionsOf } from './service/run-options.js';
export { runService } from './service/run-service.js';
export { ServiceModule } from './service/service.module.js';
export { SERVICE_NAME } from './service/service-name.js';
export { start } from './service/start.js';
export type { RunOptions, ServiceOptions } from './service/service.options.js';

export type { LogLevel } from './logging/log-level.js';
