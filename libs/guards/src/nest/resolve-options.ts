import type { Provider } from '@nestjs/common';
import { AccessTokenVerifier } from '../core/access-token-verifier.js';
import { parseHttpUrl } from '../core/bounded-fetch.js';
import { isObject, option, OptionReader } from '../core/options.js';
import { resolveVerifierOptions } from '../core/resolve-options.js';
import { createRegistry } from '../core/trusted-issuer.js';
import { parts } from '../parts.js';
import { isControllerPattern } from './handlers.js';
import type { GuardsOptions, NestPart, ResolvedGuardsOptions } from './guards.options.js';

const controllers = option.listOf('classes, names or patterns', isControllerPattern, []);

export const SERVICE_OPTIONS = {
  transports: option.listOf('transports', (one) => isObject(one) && 'contextType' in one, []),
  resourceMetadataUrl: option.text,
  advertisedScopes: option.texts(),
  publicControllers: controllers,
  guardedElsewhere: controllers,
  undeclaredHandlers: option.oneOf(['refuse', 'reportTemporarily'], 'refuse'),
  user: option.function(),
  onRejected: option.function(),
  logsRejections: option.flag(),
};

/** @throws GuardsConfigurationError with all faults */
export function resolveOptions(options: GuardsOptions): ResolvedGuardsOptions {
  const reader = new OptionReader();
  // The reader checks the shapes of SERVICE_OPTIONS too.
  const read = resolveVerifierOptions(options, reader, {
    parts,
    more: SERVICE_OPTIONS,
  }) as ResolvedGuardsOptions;
  const { resourceMetadataUrl: url } = read;
  const parsed = url === undefined ? undefined : parseHttpUrl(url);
  if (url !== undefined && !parsed) {
    reader.add(['`resourceMetadataUrl` must be an absolute http(s) URL']);
  }
  reader.throwFaults();
  const logsRejections = options.logsRejections ?? read.onRejected === undefined;
  return Object.freeze({ ...read, resourceMetadataUrl: parsed?.href, logsRejections });
}

/** The providers of the optional parts. */
export function listPartProviders(): Provider[] {
  const installed: NestPart[] = Object.values(parts);
  return installed.flatMap(({ providers = [] }) => providers);
}

export function createVerifier(options: ResolvedGuardsOptions): AccessTokenVerifier {
  return new AccessTokenVerifier(options, createRegistry(options, parts));
}
