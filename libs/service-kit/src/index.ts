export { Clock } from './clock.js';
export { createCookieBase } from './cookie-name.js';

export { ConfigModule } from './configuration/config.module.js';
export { ConfigurationError } from './configuration/load-config.js';
export { commonSettings } from './configuration/common-settings.js';
export { readOrCreateSecret } from './configuration/development-secret.js';
export { describeSettings } from './configuration/describe-settings.js';
export { loadConfig } from './configuration/load-config.js';
export { renderConfigurationTable, renderDotEnv } from './configuration/describe-settings.js';
export {
  durationSeconds,
  flag,
  httpUrl,
  list,
  oneOf,
  origins,
  postgresUrl,
  type Quota,
  quotas,
  secretSetting,
  splitSecrets,
  trustedProxies,
  wholeNumber,
  urlWithPassword,
} from './configuration/settings.js';
export type { SettingRow } from './configuration/describe-settings.js';
export type { Environment } from './configuration/load-config.js';

export { HealthModule } from './health/health.module.js';
export type { HealthChecks } from './health/readiness.service.js';

export { accessTokenScheme, clientScheme } from './openapi/openapi.js';
export type { OpenApiOptions } from './openapi/openapi.options.js';

export { describeCause } from './observability/logger.js';
export { Metrics } from './observability/metrics.js';
export { logRejection } from './observability/rejection-log.js';

export {
  createEntityTag,
  hashEntityTag,
  matchesIfMatch,
  matchesIfNoneMatch,
  parseIfMatch,
} from './http/conditional-request.js';
export type { IfMatch } from './http/conditional-request.js';
export {
  isLoopbackHost,
  isLoopbackLiteral,
  parseUrl,
  removeLoopbackPort,
  removeTrailingSlash,
} from './urls.js';
export { Problem } from './http/problem.js';
export { ProblemDetailsFilter } from './http/problem-details.filter.js';
export { toProblemDetails } from './http/problem.js';
export type { ProblemDetails } from './http/problem.js';

export { createService } from './service/create-service.js';
export { omitEmptyParameters } from './service/request-bodies.js';
export { allowRequestedHeaders } from './service/cross-origin.js';
export {
  ArrivalHook,
  AskAgainException,
  getArrival,
  RequestArrival,
  StandstillWatch,
} from './service/request-arrival.js';
export { toRunOptions } from './service/run-service.js';
export { runService } from './service/run-service.js';
export { ServiceModule } from './service/service.module.js';
export { SERVICE_NAME } from './service/service.module.js';
export { runMain } from './service/run-service.js';
export { describeStartError } from './service/start-error.js';
export type { RunOptions, ServiceOptions } from './service/service.options.js';

export type { LogLevel } from './configuration/log-level.js';
