import type { GuardsOptions, Rejection, UsedProofs } from '@gatehouse/guards';
import { Logger } from '@nestjs/common';
import type { OrdersConfig } from './orders.config.js';

const log = new Logger('Access');

const OUTAGES = ['keys_unavailable', 'status_unavailable', 'proofs_unavailable'];

/**
 * Whose tokens are accepted here.
 * @param tally told the rule that each refused token broke
 * @param usedProofs shared by the replicas; without it each process would take a proof once
 */
export const guardsOptions = (
  config: OrdersConfig,
  tally: (reason: string) => void = () => undefined,
  usedProofs?: UsedProofs,
): GuardsOptions => ({
  issuer: config.AUTH_ISSUER,
  jwksUri: config.AUTH_JWKS_URI,
  statusListsOrigin: findStatusListsOrigin(config),
  statusLists: { maxAgeSeconds: config.STATUS_MAX_AGE },
  audience: config.AUDIENCE,
  dpop: createDpopOptions(config, usedProofs),
  algorithms: config.ALGORITHMS,
  dangerouslyAllowInsecureHttp: config.ALLOW_INSECURE_HTTP,
  onRejected: (rejection) => {
    tally(rejection.reason);
    logRejection(rejection);
  },
});

/** Tokens of partners are bound to a key of theirs (docs/recipes/partner-api.md). */
function createDpopOptions(
  { PUBLIC_URL, AUDIENCE }: OrdersConfig,
  usedProofs: UsedProofs | undefined,
): GuardsOptions['dpop'] {
  const isReachable = PUBLIC_URL !== undefined || /^https?:/.test(AUDIENCE);
  return isReachable ? { baseUrl: PUBLIC_URL, usedProofs } : undefined;
}

/** The lists are where the keys are: behind the same address, if the issuer has another one in here than for the world. */
function findStatusListsOrigin({ AUTH_STATUS_LISTS_ORIGIN, AUTH_JWKS_URI }: OrdersConfig) {
  const address = AUTH_STATUS_LISTS_ORIGIN ?? AUTH_JWKS_URI;
  return address === undefined ? undefined : new URL(address).origin;
}

/** The caller is told no more than RFC 6750 asks for; the log says which rule the token broke. */
function logRejection({ reason, kid, cause }: Rejection): void {
  if (OUTAGES.includes(reason) && cause instanceof Error) log.warn(cause);
  else log.log({ refused: reason, kid });
}
