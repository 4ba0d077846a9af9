import { randomBytes } from 'node:crypto';
import type { ResolvedGuardsOptions } from '../guards.options.js';
import type { ResolvedIssuer } from '../issuers/issuer.options.js';
import { httpUrl } from '../keys/well-known.js';
import { DPOP_RANGES, numbers, rangeFaults } from '../option-ranges.js';
import { type Algorithm, ALGORITHMS, isAlgorithm } from '../token/algorithms.js';
import type { DpopOptions, ResolvedDpopOptions } from './dpop.options.js';

const USUAL_ALGORITHMS: readonly Algorithm[] = ['ES256', 'PS256', 'RS256'];

/** In bytes: as many as the HMAC that is made with it has. */
const LEAST_SECRET = 32;

export function resolveDpop(options: DpopOptions, audience: string): ResolvedDpopOptions {
  const { baseUrl = httpUrl(audience)?.origin ?? '' } = options;
  return Object.freeze({
    ...numbers(DPOP_RANGES, options),
    baseUrl: baseUrl.replace(/\/$/, ''),
    algorithms: Object.freeze([...(options.algorithms ?? USUAL_ALGORITHMS)]),
    usedProofs: options.usedProofs,
    requiresNonce: options.requiresNonce ?? false,
    nonceSecrets: Object.freeze([...(options.nonceSecrets ?? [randomBytes(LEAST_SECRET)])]),
  });
}

/** What is wrong with it, as sentences that say what to set. */
export function dpopFaults({ dpop, issuers }: ResolvedGuardsOptions): string[] {
  if (dpop) {
    return [
      ...rangeFaults('dpop.', DPOP_RANGES, dpop),
      ...baseUrlFaults(dpop),
      ...algorithmFaults(dpop),
      ...secretFaults(dpop),
    ];
  }
  const demands = issuers.some(({ requiresDpop }) => requiresDpop);
  return demands ? ['set `dpop`: an issuer has `requiresDpop`'] : [];
}

/** Who does not look at what a token is bound to cannot ask for it. */
export function bindingFaults(
  { requiresDpop, ignoresTokenBinding }: ResolvedIssuer,
  prefix: string,
): string[] {
  const isContradiction = requiresDpop && ignoresTokenBinding;
  return isContradiction
    ? [`set \`${prefix}requiresDpop\` or \`${prefix}ignoresTokenBinding\`, not both`]
    : [];
}

function baseUrlFaults({ baseUrl }: ResolvedDpopOptions): string[] {
  if (httpUrl(baseUrl) && !/[?#@]/.test(baseUrl)) return [];
  return ['set `dpop.baseUrl` to the http(s) URL that clients use, without a query'];
}

function algorithmFaults({ algorithms }: ResolvedDpopOptions): string[] {
  if (algorithms.length > 0 && algorithms.every(isAlgorithm)) return [];
  return [`\`dpop.algorithms\` may hold ${ALGORITHMS.join(', ')}, and must hold one`];
}

function secretFaults({ nonceSecrets }: ResolvedDpopOptions): string[] {
  const areLong = nonceSecrets.every((secret) => Buffer.byteLength(secret) >= LEAST_SECRET);
  if (nonceSecrets.length > 0 && areLong) return [];
  return [`\`dpop.nonceSecrets\` must have ${LEAST_SECRET} bytes each`];
}
