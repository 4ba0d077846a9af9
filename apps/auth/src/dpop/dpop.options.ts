import type { DpopOptions } from '@gatehouse/guards/dpop';
import type { AuthConfig } from '../auth.config.js';
import type { ServerSecrets } from '../keys/server-secrets.js';
import type { UsedValues } from '../used-values/used-values.js';

/** What proofs may be signed with. */
export const PROOF_ALGORITHMS = ['ES256', 'PS256', 'RS256'] as const;

/** One policy for the token endpoint and for the routes that take access tokens; replicas agree by secret and database. */
export const dpopOptions = (
  config: AuthConfig,
  secrets: ServerSecrets,
  usedValues: UsedValues,
): DpopOptions => ({
  baseUrl: config.ISSUER,
  algorithms: PROOF_ALGORITHMS,
  usedProofs: { use: (id, goodUntil) => usedValues.use('dpop proof', id, goodUntil) },
  requiresNonce: config.DPOP_NONCE_TTL > 0,
  nonceLifetimeSeconds: config.DPOP_NONCE_TTL || undefined,
  nonceSecrets: [...secrets.derive('dpop nonce').all.values()].map(({ key }) => key),
});
