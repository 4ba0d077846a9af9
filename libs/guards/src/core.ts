import { AccessTokenVerifier } from './core/access-token-verifier.js';
import { OptionReader } from './core/options.js';
import { resolveVerifierOptions } from './core/resolve-options.js';
import { createRegistry, type VerifierParts } from './core/trusted-issuer.js';
import type { Verifier } from './core/verifier.js';
import type { VerifierOptions } from './core/verifier.options.js';
import { issuersAtRunTime } from './issuers-at-run-time/index.js';
import { status } from './status/status.part.js';

export { ALGORITHMS } from './core/algorithms.js';
export { GuardsConfigurationError } from './core/options.js';
export { TokenError, UnavailableError } from './core/token-error.js';

export type { AccessToken } from './core/access-token.js';
export type { Algorithm } from './core/algorithms.js';
export type { Fetch } from './core/bounded-fetch.js';
export type { ClaimPath } from './core/claims.js';
export type { TokenErrorCode, UnavailableCode } from './core/token-error.js';
export type { TokenDescription, Verifier } from './core/verifier.js';
export type {
  ClaimMapping,
  IssuerOptions,
  KeySetOptions,
  TokenCacheOptions,
  VerifierOptions,
} from './core/verifier.options.js';
export type { IssuersAtRunTime } from './issuers-at-run-time/index.js';
export type { StatusListOptions } from './status/status.part.js';

/** The optional parts that need no request. To remove one, delete its folder and its lines here. */
const parts: VerifierParts = {
  issuersAtRunTime,
  status,
};

/**
 * Makes a verifier of access tokens, for any server or gateway. Bound tokens (`cnf`) are refused, because only the
 * sender of a request can prove the possession of the key.
 *
 * @throws GuardsConfigurationError with all faults
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const reader = new OptionReader();
  const resolved = resolveVerifierOptions(options, reader, { parts });
  reader.throwFaults();
  const issuers = createRegistry(resolved, parts);
  return new AccessTokenVerifier(Object.freeze(resolved), issuers);
}
