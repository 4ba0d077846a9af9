import {
  dropBlock,
  dropJson,
  dropLines,
  dropSection,
  dropSettings,
  replaceText,
} from '../edits.mjs';

const KIT = 'libs/service-kit';
const PACKAGES = [
  ...['api', 'context-async-hooks', 'core', 'exporter-trace-otlp-http', 'resources'],
  'sdk-trace-base',
];

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Traces by OpenTelemetry',
  paths: [`${KIT}/src/tracing`, `${KIT}/test/flows/tracing.spec.ts`],
  edits: [
    dropJson(
      `${KIT}/package.json`,
      ...PACKAGES.map((name) => ['dependencies', `@opentelemetry/${name}`]),
    ),
    dropBlock(`${KIT}/src/configuration/common-settings.ts`, /OTEL_EXPORTER/, /format: 'number'/),
    dropLines(`${KIT}/src/observability/logger.ts`, /readTraceId/),
    replaceText(`${KIT}/src/service/create-service.ts`, 'logger, getTraceId)', 'logger)'),
    dropLines(`${KIT}/src/service/create-service.ts`, /traceRequests|isTracing/),
    dropLines(`${KIT}/src/service/run-service.ts`, /[Tt]racing|OTEL_|traced/),
    replaceText(`${KIT}/src/service/run-service.ts`, 'ShutdownService, stop', 'stop'),
    dropLines(`${KIT}/src/service/service.options.ts`, /[Tt]racing/),
    dropSection('docs/observability.md', '## Traces'),
    ...dropSettings('OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_TRACES_SAMPLER_ARG'),
  ],
};
