import { findUrlFault } from './urls.js';
import { ALGORITHMS, isAlgorithm } from './algorithms.js';
import { normalizeMediaType } from './jws.js';
import type { ClaimMapping, IssuerOptions, ResolvedIssuer } from './issuer.options.js';
import {
  CLAIM,
  CLAIM_VALUES,
  CLAIMS,
  FUNCTION,
  objectWith,
  type Shapes,
  SWITCH,
  TEXT,
  TEXT_OR_TEXTS,
  TEXTS,
} from './option-shapes.js';

const CLAIM_MAPPING_SHAPES: Shapes<ClaimMapping> = {
  audience: CLAIM,
  clientId: CLAIMS,
  scopes: CLAIMS,
  roles: CLAIMS,
  tokenId: CLAIMS,
};

export const ISSUER_SHAPES: Shapes<IssuerOptions> = {
  issuer: TEXT,
  algorithms: TEXTS,
  audience: TEXT_OR_TEXTS,
  jwksUri: TEXT,
  keys: FUNCTION,
  statusListsOrigin: TEXT,
  ignoresTokenStatus: SWITCH,
  ignoresTokenBinding: SWITCH,
  requiresDpop: SWITCH,
  tokenTypes: TEXTS,
  requiredClaims: CLAIM_VALUES,
  claims: objectWith(CLAIM_MAPPING_SHAPES),
};

/** @param audience identifier of this resource server, unless the issuer's own options name another one */
export function resolveIssuer(options: IssuerOptions, audience: string): ResolvedIssuer {
  return Object.freeze({
    issuer: options.issuer,
    algorithms: Object.freeze([...(options.algorithms ?? [])]),
    audiences: Object.freeze([options.audience ?? audience].flat()),
    jwksUri: options.jwksUri,
    keys: options.keys,
    statusListsOrigin: options.statusListsOrigin,
    ...resolveSwitches(options),
    tokenTypes: Object.freeze((options.tokenTypes ?? ['at+jwt']).map(normalizeMediaType)),
    requiredClaims: resolveRequiredClaims(options.requiredClaims ?? {}),
    claims: resolveClaimMapping(options.claims ?? {}),
  });
}

function resolveSwitches({
  ignoresTokenStatus = false,
  ignoresTokenBinding = false,
  requiresDpop = false,
}: IssuerOptions) {
  return { ignoresTokenStatus, ignoresTokenBinding, requiresDpop };
}

function resolveRequiredClaims(
  required: NonNullable<IssuerOptions['requiredClaims']>,
): ResolvedIssuer['requiredClaims'] {
  const entries = Object.entries(required);
  return Object.freeze(entries.map(([name, value]) => [name, [value].flat()] as const));
}

/** RFC 9068 §2.2. */
function resolveClaimMapping(mapping: ClaimMapping): ResolvedIssuer['claims'] {
  return Object.freeze({
    audience: mapping.audience ?? 'aud',
    clientId: mapping.clientId ?? ['client_id'],
    scopes: mapping.scopes ?? ['scope'],
    roles: mapping.roles ?? ['roles'],
    tokenId: mapping.tokenId ?? ['jti'],
  });
}

/** One sentence for each fault. It says what to set. */
export function findIssuerFaults(
  rules: ResolvedIssuer,
  transport: { readonly dangerouslyAllowInsecureHttp: boolean },
  prefix: string,
): string[] {
  const { issuer, audiences, tokenTypes } = rules;
  const faults = [
    ...findAlgorithmFaults(rules, prefix),
    ...findKeyFaults(rules, transport, prefix),
    ...findStatusFaults(rules, transport, prefix),
    ...findBindingFaults(rules, prefix),
  ];
  if (!isNonEmptyString(issuer)) {
    faults.unshift(`set \`${prefix}issuer\` to the "iss" of your authorization server`);
  }
  if (prefix !== '' && (audiences.length === 0 || !audiences.every(isNonEmptyString))) {
    faults.push(`\`${prefix}audience\` must be one or several names`);
  }
  if (tokenTypes.length === 0) faults.push(`\`${prefix}tokenTypes\` must name at least one type`);
  return faults;
}

function findAlgorithmFaults({ algorithms }: ResolvedIssuer, prefix: string): string[] {
  if (algorithms.length === 0)
    return [`set \`${prefix}algorithms\` to those your issuer signs with`];
  const allowed = ALGORITHMS.join(', ');
  return algorithms
    .filter((algorithm) => !isAlgorithm(algorithm))
    .map(
      (algorithm) => `\`${prefix}algorithms\` may hold ${allowed}; ${String(algorithm)} is refused`,
    );
}

function findKeyFaults(
  rules: ResolvedIssuer,
  transport: { readonly dangerouslyAllowInsecureHttp: boolean },
  prefix: string,
): string[] {
  const { issuer, jwksUri, keys } = rules;
  if (keys !== undefined) return findLocalKeyFaults(rules, prefix);
  const [name, url] = jwksUri === undefined ? ['issuer', issuer] : ['jwksUri', jwksUri];
  const insecure = isNonEmptyString(url) ? findUrlFault(url, transport) : undefined;
  return insecure ? [`\`${prefix}${name}\` ${insecure}`] : [];
}

function findLocalKeyFaults({ jwksUri }: ResolvedIssuer, prefix: string): string[] {
  return jwksUri === undefined ? [] : [`set \`${prefix}keys\` or \`${prefix}jwksUri\`, not both`];
}

/** The path of a list comes from the token, so the option must be a bare origin. */
function findStatusFaults(
  { statusListsOrigin: origin }: ResolvedIssuer,
  transport: { readonly dangerouslyAllowInsecureHttp: boolean },
  prefix: string,
): string[] {
  if (origin === undefined) return [];
  const name = `\`${prefix}statusListsOrigin\``;
  const insecure = findUrlFault(origin, transport);
  if (insecure) return [`${name} ${insecure}`];
  return new URL(origin).origin === origin ? [] : [`${name} must be an origin, without a path`];
}

/** A service that ignores the binding of tokens cannot require one. */
function findBindingFaults(
  { requiresDpop, ignoresTokenBinding }: ResolvedIssuer,
  prefix: string,
): string[] {
  const isContradiction = requiresDpop && ignoresTokenBinding;
  return isContradiction
    ? [`set \`${prefix}requiresDpop\` or \`${prefix}ignoresTokenBinding\`, not both`]
    : [];
}

export function isNonEmptyString(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
