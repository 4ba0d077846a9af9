import { DPOP_SHAPES, findDpopFaults, resolveDpop } from '../dpop/dpop.options.js';
import { DpopProofOfPossession } from '../dpop/proof-of-possession.js';
import type { IssuerOptions } from '../core/issuer.options.js';
import {
  findIssuerFaults,
  isNonEmptyString,
  ISSUER_SHAPES,
  resolveIssuer,
} from '../core/resolve-issuer.js';
import { parseHttpUrl } from '../core/urls.js';
import {
  findRangeFaults,
  GuardsConfigurationError,
  KEY_SET_RANGES,
  RANGES,
  resolveNumbers,
  STATUS_LIST_RANGES,
  TOKEN_CACHE_RANGES,
} from '../core/option-validation.js';
import {
  FUNCTION,
  isObject,
  listOf,
  NUMBER,
  objectsWith,
  objectWith,
  oneOf,
  type Shape,
  ShapeCheck,
  type Shapes,
  SWITCH,
  TEXT,
  TEXTS,
} from '../core/option-shapes.js';
import type { StatusListOptions } from '../core/verifier.options.js';
import type {
  GuardsOptions,
  OneIssuer,
  ResolvedGuardsOptions,
  ResourceServerOptions,
} from './guards.options.js';
import { isControllerPattern } from './controller-list.js';
import { deriveMetadataUrl } from './resource-metadata.js';

/** @throws GuardsConfigurationError with all faults */
export function resolveOptions(options: GuardsOptions): ResolvedGuardsOptions {
  const check = new ShapeCheck();
  const shaped = keepShaped(options, check);
  const resolved = applyDefaults(shaped);
  const faults = [...check.faults, ...check.dropFollowing(findFaults(resolved, shaped))];
  if (faults.length > 0) throw new GuardsConfigurationError(faults);
  const { dpop } = resolved;
  const proofOfPossession = dpop && new DpopProofOfPossession({ ...resolved, dpop });
  return Object.freeze({ ...resolved, proofOfPossession });
}

function findFaults(resolved: ResolvedGuardsOptions, { issuers }: GuardsOptions): string[] {
  return [
    ...findNameFaults(resolved),
    ...resolved.issuers.flatMap((issuer, i) =>
      findIssuerFaults(issuer, resolved, issuers ? `issuers[${i}].` : ''),
    ),
    ...findRangeFaults('', RANGES, resolved),
    ...findRangeFaults('keySet.', KEY_SET_RANGES, resolved.keySet),
    ...findRangeFaults('statusLists.', STATUS_LIST_RANGES, resolved.statusLists),
    ...findStatusListFaults(resolved),
    ...findRangeFaults('tokenCache.', TOKEN_CACHE_RANGES, resolved.tokenCache),
    ...findDpopFaults(resolved),
  ];
}

const CONTROLLERS = listOf('classes, names or patterns', isControllerPattern);

const RESOURCE_SERVER_SHAPES: Shapes<ResourceServerOptions> = {
  audience: TEXT,
  clockToleranceSeconds: NUMBER,
  maxTokenAgeSeconds: NUMBER,
  maxTokenBytes: NUMBER,
  keySet: objectWith(shapeNumbers(KEY_SET_RANGES)),
  statusLists: objectWith({ ...shapeNumbers(STATUS_LIST_RANGES), whenUnavailable: TEXT }),
  tokenCache: objectWith(shapeNumbers(TOKEN_CACHE_RANGES)),
  dpop: objectWith(DPOP_SHAPES),
  transports: listOf('transports', (one) => isObject(one) && 'contextType' in one),
  servesResourceMetadata: SWITCH,
  resourceMetadataUrl: TEXT,
  advertisedScopes: TEXTS,
  publicControllers: CONTROLLERS,
  guardedElsewhere: CONTROLLERS,
  undeclaredHandlers: oneOf('refuse', 'reportTemporarily'),
  user: FUNCTION,
  dangerouslyAllowInsecureHttp: SWITCH,
  now: FUNCTION,
  monotonicNow: FUNCTION,
  fetch: FUNCTION,
  onRejected: FUNCTION,
  logsRejections: SWITCH,
};

const ALL_SHAPES = {
  ...ISSUER_SHAPES,
  ...RESOURCE_SERVER_SHAPES,
  issuers: objectsWith(ISSUER_SHAPES),
};

function shapeNumbers(ranges: object): Readonly<Record<string, Shape>> {
  return Object.fromEntries(Object.keys(ranges).map((name) => [name, NUMBER]));
}

function isDefined(options: object, name: string): boolean {
  return Reflect.get(options, name) !== undefined;
}

/** The options whose shape is right. TypeScript promises it for all of them, and JavaScript and JSON do not. */
function keepShaped(options: GuardsOptions, check: ShapeCheck): GuardsOptions {
  const given = isObject(options) ? options : {};
  const shaped = check.clean('', given, ALL_SHAPES);
  if (!isDefined(given, 'issuers')) return shaped as GuardsOptions; // Its shape was checked.
  for (const name of Object.keys(ISSUER_SHAPES)) {
    if (name === 'audience' || !isDefined(shaped, name)) continue;
    check.refuse(name, `\`${name}\` belongs to the entries of \`issuers\``);
  }
  // A refused list stays a list, so that no options of a single issuer are missed.
  return { issuers: [], ...shaped } as unknown as GuardsOptions;
}

function applyDefaults(options: GuardsOptions): ResolvedGuardsOptions {
  return {
    audience: options.audience,
    issuers: Object.freeze(
      listIssuers(options).map((issuer) => resolveIssuer(issuer, options.audience)),
    ),
    ...resolveNumbers(RANGES, options),
    keySet: Object.freeze({
      ...resolveNumbers(KEY_SET_RANGES, options.keySet),
      fetch: options.fetch,
    }),
    statusLists: Object.freeze({
      ...resolveStatusLists(options.statusLists),
      fetch: options.fetch,
    }),
    tokenCache: Object.freeze(resolveNumbers(TOKEN_CACHE_RANGES, options.tokenCache)),
    proofOfPossession: undefined,
    dpop: options.dpop && resolveDpop(options.dpop, options.audience),
    transports: options.transports ?? [],
    ...resolveMetadata(options),
    advertisedScopes: options.advertisedScopes,
    ...resolveAudit(options),
    user: options.user,
    dangerouslyAllowInsecureHttp: options.dangerouslyAllowInsecureHttp ?? false,
    now: options.now ?? Date.now,
    monotonicNow: options.monotonicNow ?? (() => performance.now()),
    onRejected: options.onRejected,
    logsRejections: options.logsRejections ?? options.onRejected === undefined,
  };
}

/** A single issuer's options stand among those of the module, where `audience` belongs to the module. */
function listIssuers(options: GuardsOptions): readonly IssuerOptions[] {
  return hasOneIssuer(options) ? [{ ...options, audience: undefined }] : options.issuers;
}

/** A type predicate, because a user without strictNullChecks cannot narrow by a property. */
function hasOneIssuer(options: GuardsOptions): options is ResourceServerOptions & OneIssuer {
  return options.issuers === undefined;
}

function resolveStatusLists(given: StatusListOptions = {}): ResolvedGuardsOptions['statusLists'] {
  const { whenUnavailable = 'refuse' } = given;
  return { ...resolveNumbers(STATUS_LIST_RANGES, given), whenUnavailable };
}

function resolveAudit({
  publicControllers = [],
  guardedElsewhere = [],
  undeclaredHandlers = 'refuse',
}: ResourceServerOptions) {
  return { publicControllers, guardedElsewhere, undeclaredHandlers };
}

function resolveMetadata({
  audience,
  servesResourceMetadata = true,
  resourceMetadataUrl: configured,
}: ResourceServerOptions) {
  const derived = servesResourceMetadata ? deriveMetadataUrl(audience)?.href : undefined;
  const parsed = configured === undefined ? undefined : parseHttpUrl(configured)?.href;
  return { servesResourceMetadata, resourceMetadataUrl: parsed ?? configured ?? derived };
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
