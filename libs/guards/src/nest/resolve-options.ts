import { findDpopFaults, resolveDpop } from '../dpop/dpop.options.js';
import type { IssuerOptions } from '../core/issuer.options.js';
import { findIssuerFaults, isNonEmptyString, resolveIssuer } from '../core/resolve-issuer.js';
import { buildWellKnownUrl, parseHttpUrl } from '../core/urls.js';
import {
  findRangeFaults,
  KEY_SET_RANGES,
  RANGES,
  resolveNumbers,
  STATUS_LIST_RANGES,
  TOKEN_CACHE_RANGES,
} from '../core/option-validation.js';
import type {
  GuardsOptions,
  OneIssuer,
  ResolvedGuardsOptions,
  ResourceServerOptions,
  StatusListOptions,
} from './guards.options.js';

/** The options contradict the rules of this library. The message says what to set. */
export class GuardsConfigurationError extends Error {
  override readonly name = 'GuardsConfigurationError';

  constructor(readonly faults: readonly string[]) {
    super(['GuardsModule is not configured:', ...faults].join('\n  - '));
  }
}

/** @throws GuardsConfigurationError with every fault at once. */
export function resolveOptions(options: GuardsOptions): ResolvedGuardsOptions {
  const resolved = applyDefaults(options);
  const faults = [
    ...findNameFaults(resolved),
    ...resolved.issuers.flatMap((issuer, i) =>
      findIssuerFaults(issuer, resolved, options.issuers ? `issuers[${i}].` : ''),
    ),
    ...findRangeFaults('', RANGES, resolved),
    ...findRangeFaults('keySet.', KEY_SET_RANGES, resolved.keySet),
    ...findRangeFaults('statusLists.', STATUS_LIST_RANGES, resolved.statusLists),
    ...findStatusListFaults(resolved),
    ...findRangeFaults('tokenCache.', TOKEN_CACHE_RANGES, resolved.tokenCache),
    ...findDpopFaults(resolved),
  ];
  if (faults.length > 0) throw new GuardsConfigurationError(faults);
  return Object.freeze(resolved);
}

function applyDefaults(options: GuardsOptions): ResolvedGuardsOptions {
  return {
    audience: options.audience,
    issuers: Object.freeze(listIssuers(options).map((it) => resolveIssuer(it, options.audience))),
    ...resolveNumbers(RANGES, options),
    keySet: Object.freeze(resolveNumbers(KEY_SET_RANGES, options.keySet)),
    statusLists: resolveStatusLists(options.statusLists),
    tokenCache: Object.freeze(resolveNumbers(TOKEN_CACHE_RANGES, options.tokenCache)),
    dpop: options.dpop && resolveDpop(options.dpop, options.audience),
    transports: options.transports ?? [],
    ...resolveMetadata(options),
    publicControllers: options.publicControllers ?? [],
    dangerouslyAllowInsecureHttp: options.dangerouslyAllowInsecureHttp ?? false,
    now: options.now ?? Date.now,
    onRejected: options.onRejected,
  };
}

/** The issuer may be among the other options; the audience there is that of the module. */
function listIssuers(options: GuardsOptions): readonly IssuerOptions[] {
  return hasOneIssuer(options) ? [{ ...options, audience: undefined }] : options.issuers;
}

/** A type predicate, because without strictNullChecks no property tells the two apart. */
function hasOneIssuer(options: GuardsOptions): options is ResourceServerOptions & OneIssuer {
  return options.issuers === undefined;
}

function resolveStatusLists(given: StatusListOptions = {}): ResolvedGuardsOptions['statusLists'] {
  const { whenUnavailable = 'refuse' } = given;
  return Object.freeze({ ...resolveNumbers(STATUS_LIST_RANGES, given), whenUnavailable });
}

function resolveMetadata({
  audience,
  servesResourceMetadata = true,
  resourceMetadataUrl: configured,
}: ResourceServerOptions) {
  const derived = servesResourceMetadata ? deriveMetadataUrl(audience) : undefined;
  return { servesResourceMetadata, resourceMetadataUrl: configured ?? derived };
}

/** RFC 9728 §3.1. We serve the address of a resource that has no path; that of another is its gateway's. */
function deriveMetadataUrl(audience: string): string | undefined {
  const resource = parseHttpUrl(audience);
  if (!resource || resource.pathname !== '/' || resource.search !== '') return undefined;
  return buildWellKnownUrl(resource, 'oauth-protected-resource');
}

function findNameFaults({
  audience,
  issuers,
  resourceMetadataUrl,
}: ResolvedGuardsOptions): string[] {
  const faults: string[] = [];
  if (!isNonEmptyString(audience))
    faults.push('set `audience` to the identifier of this resource server');
  const names = issuers.map(({ issuer }) => issuer);
  if (names.length === 0) faults.push('set `issuers` to the authorization servers you trust');
  if (new Set(names).size < names.length) faults.push('`issuers` names an issuer twice');
  if (resourceMetadataUrl !== undefined && !parseHttpUrl(resourceMetadataUrl)) {
    faults.push('`resourceMetadataUrl` must be an absolute http(s) URL');
  }
  return faults;
}

function findStatusListFaults({ statusLists }: ResolvedGuardsOptions): string[] {
  const { maxAgeSeconds, maxStaleSeconds, whenUnavailable } = statusLists;
  const faults: string[] = [];
  if (!['refuse', 'accept'].includes(whenUnavailable)) {
    faults.push("`statusLists.whenUnavailable` must be 'refuse' or 'accept'");
  }
  if (maxStaleSeconds < maxAgeSeconds) {
    faults.push('`statusLists.maxStaleSeconds` must not be less than `statusLists.maxAgeSeconds`');
  }
  return faults;
}
