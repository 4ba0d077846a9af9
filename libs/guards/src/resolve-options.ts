import { dpopFaults, resolveDpop } from './dpop/resolve-dpop.js';
import type {
  GuardsOptions,
  OneIssuer,
  ResolvedGuardsOptions,
  ResourceServerOptions,
  StatusListOptions,
} from './guards.options.js';
import type { IssuerOptions } from './issuers/issuer.options.js';
import { isName, issuerFaults, resolveIssuer } from './issuers/resolve-issuer.js';
import { httpUrl, wellKnownUrl } from './keys/well-known.js';
import {
  KEY_SET_RANGES,
  numbers,
  rangeFaults,
  RANGES,
  STATUS_LIST_RANGES,
  TOKEN_CACHE_RANGES,
} from './option-ranges.js';

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
  const faults = [
    ...nameFaults(resolved),
    ...resolved.issuers.flatMap((issuer, i) =>
      issuerFaults(issuer, resolved, options.issuers ? `issuers[${i}].` : ''),
    ),
    ...rangeFaults('', RANGES, resolved),
    ...rangeFaults('keySet.', KEY_SET_RANGES, resolved.keySet),
    ...rangeFaults('statusLists.', STATUS_LIST_RANGES, resolved.statusLists),
    ...statusListFaults(resolved),
    ...rangeFaults('tokenCache.', TOKEN_CACHE_RANGES, resolved.tokenCache),
    ...dpopFaults(resolved),
  ];
  if (faults.length > 0) throw new GuardsConfigurationError(faults);
  return Object.freeze(resolved);
}

function withDefaults(options: GuardsOptions): ResolvedGuardsOptions {
  return {
    audience: options.audience,
    issuers: Object.freeze(issuersOf(options).map((it) => resolveIssuer(it, options.audience))),
    ...numbers(RANGES, options),
    keySet: Object.freeze(numbers(KEY_SET_RANGES, options.keySet)),
    statusLists: statusListDefaults(options.statusLists),
    tokenCache: Object.freeze(numbers(TOKEN_CACHE_RANGES, options.tokenCache)),
    dpop: options.dpop && resolveDpop(options.dpop, options.audience),
    transports: options.transports ?? [],
    ...metadataDefaults(options),
    publicControllers: options.publicControllers ?? [],
    dangerouslyAllowInsecureHttp: options.dangerouslyAllowInsecureHttp ?? false,
    now: options.now ?? Date.now,
    onRejected: options.onRejected,
  };
}

/** The issuer may be among the other options; the audience there is that of the module. */
function issuersOf(options: GuardsOptions): readonly IssuerOptions[] {
  return hasOneIssuer(options) ? [{ ...options, audience: undefined }] : options.issuers;
}

/** A type predicate, because without strictNullChecks no property tells the two apart. */
function hasOneIssuer(options: GuardsOptions): options is ResourceServerOptions & OneIssuer {
  return options.issuers === undefined;
}

function statusListDefaults(given: StatusListOptions = {}): ResolvedGuardsOptions['statusLists'] {
  const { whenUnavailable = 'refuse' } = given;
  return Object.freeze({ ...numbers(STATUS_LIST_RANGES, given), whenUnavailable });
}

function metadataDefaults({
  audience,
  servesResourceMetadata = true,
  resourceMetadataUrl: configured,
}: ResourceServerOptions) {
  const derived = servesResourceMetadata ? resourceMetadataUrl(audience) : undefined;
  return { servesResourceMetadata, resourceMetadataUrl: configured ?? derived };
}

/** RFC 9728 §3.1. We serve the address of a resource that has no path; that of another is its gateway's. */
function resourceMetadataUrl(audience: string): string | undefined {
  const resource = httpUrl(audience);
  if (!resource || resource.pathname !== '/' || resource.search !== '') return undefined;
  return wellKnownUrl(resource, 'oauth-protected-resource');
}

function nameFaults({ audience, issuers, resourceMetadataUrl }: ResolvedGuardsOptions): string[] {
  const faults: string[] = [];
  if (!isName(audience)) faults.push('set `audience` to the identifier of this resource server');
  const names = issuers.map(({ issuer }) => issuer);
  if (names.length === 0) faults.push('set `issuers` to the authorization servers you trust');
  if (new Set(names).size < names.length) faults.push('`issuers` names an issuer twice');
  if (resourceMetadataUrl !== undefined && !httpUrl(resourceMetadataUrl)) {
    faults.push('`resourceMetadataUrl` must be an absolute http(s) URL');
  }
  return faults;
}

function statusListFaults({ statusLists }: ResolvedGuardsOptions): string[] {
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
