import { ALGORITHMS, isAlgorithm } from './algorithms.js';
import type { GuardsOptions, KeySetOptions, ResolvedGuardsOptions } from './guards.options.js';
import { insecureUrlFault } from './secure-url.js';
import { httpUrl, wellKnownUrl } from './well-known.js';

/** The options contradict the rules of this library. The message says what to set. */
export class GuardsConfigurationError extends Error {
  override readonly name = 'GuardsConfigurationError';

  constructor(readonly faults: readonly string[]) {
    super(['GuardsModule is not configured:', ...faults].join('\n  - '));
  }
}

/** @throws GuardsConfigurationError with every fault at once. */
export function resolveOptions(options: GuardsOptions): ResolvedGuardsOptions {
  const resolved = withDefaults(options);
  const faults = [...nameFaults(resolved), ...urlFaults(resolved), ...rangeFaults(resolved)];
  if (faults.length > 0) throw new GuardsConfigurationError(faults);
  return Object.freeze(resolved);
}

function withDefaults(options: GuardsOptions): ResolvedGuardsOptions {
  return {
    issuer: options.issuer,
    audience: options.audience,
    algorithms: Object.freeze([...(options.algorithms ?? [])]),
    jwksUri: options.jwksUri,
    clockToleranceSeconds: options.clockToleranceSeconds ?? 5,
    maxTokenBytes: options.maxTokenBytes ?? 8192,
    keySet: keySetDefaults(options.keySet ?? {}),
    ...metadataDefaults(options),
    publicControllers: options.publicControllers ?? [],
    dangerouslyAllowInsecureHttp: options.dangerouslyAllowInsecureHttp ?? false,
    now: options.now ?? Date.now,
    onRejected: options.onRejected,
  };
}

function metadataDefaults({
  audience,
  servesResourceMetadata = true,
  resourceMetadataUrl: configured,
}: GuardsOptions) {
  const derived = servesResourceMetadata ? resourceMetadataUrl(audience) : undefined;
  return { servesResourceMetadata, resourceMetadataUrl: configured ?? derived };
}

function keySetDefaults(options: KeySetOptions): ResolvedGuardsOptions['keySet'] {
  return Object.freeze({
    cooldownSeconds: options.cooldownSeconds ?? 10,
    maxStaleSeconds: options.maxStaleSeconds ?? 3600,
    timeoutMs: options.timeoutMs ?? 3000,
    maxBytes: options.maxBytes ?? 524_288,
  });
}

/** RFC 9728 §3.1. We serve the address of a resource that has no path; that of another is its gateway's. */
function resourceMetadataUrl(audience: string): string | undefined {
  const resource = httpUrl(audience);
  if (!resource || resource.pathname !== '/' || resource.search !== '') return undefined;
  return wellKnownUrl(resource, 'oauth-protected-resource');
}

function nameFaults({ issuer, audience, algorithms }: ResolvedGuardsOptions): string[] {
  const faults = [];
  if (!isName(issuer)) faults.push('set `issuer` to the "iss" of your authorization server');
  if (!isName(audience)) faults.push('set `audience` to the identifier of this resource server');
  if (algorithms.length === 0) faults.push('set `algorithms` to those your issuer signs with');
  for (const algorithm of algorithms) {
    if (isAlgorithm(algorithm)) continue;
    faults.push(
      `\`algorithms\` may hold ${ALGORITHMS.join(', ')}; ${String(algorithm)} is refused`,
    );
  }
  return faults;
}

function urlFaults(options: ResolvedGuardsOptions): string[] {
  const { issuer, jwksUri, resourceMetadataUrl } = options;
  const fetched = jwksUri === undefined ? ['issuer', issuer] : ['jwksUri', jwksUri];
  const [name = '', url = ''] = fetched;
  const insecure = isName(url) ? insecureUrlFault(url, options) : undefined;
  const faults = insecure ? [`\`${name}\` ${insecure}`] : [];
  if (resourceMetadataUrl !== undefined && !httpUrl(resourceMetadataUrl)) {
    faults.push('`resourceMetadataUrl` must be an absolute http(s) URL');
  }
  return faults;
}

function rangeFaults({
  clockToleranceSeconds,
  maxTokenBytes,
  keySet,
}: ResolvedGuardsOptions): string[] {
  const ranges: [name: string, value: number, low: number, high: number][] = [
    ['clockToleranceSeconds', clockToleranceSeconds, 0, 60],
    ['maxTokenBytes', maxTokenBytes, 256, 65_536],
    ['keySet.cooldownSeconds', keySet.cooldownSeconds, 1, 300],
    ['keySet.maxStaleSeconds', keySet.maxStaleSeconds, 0, 86_400],
    ['keySet.timeoutMs', keySet.timeoutMs, 50, 30_000],
    ['keySet.maxBytes', keySet.maxBytes, 1024, 16_777_216],
  ];
  return ranges
    .filter(([, value, low, high]) => !(value >= low && value <= high))
    .map(([name, , low, high]) => `\`${name}\` must be a number from ${low} to ${high}`);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
