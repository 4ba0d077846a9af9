import type { GuardsOptions, Rejection } from '@gatehouse/guards';
import { Logger } from '@nestjs/common';
import type { BillingConfig } from './billing.config.js';

const log = new Logger('Access');

const OUTAGES = ['keys_unavailable', 'status_unavailable'];

/**
 * Whose tokens are accepted here.
 * @param tally told the rule that each refused token broke
 */
export const guardsOptions = (
  config: BillingConfig,
  tally: (reason: string) => void = () => undefined,
): GuardsOptions => ({
  issuer: config.AUTH_ISSUER,
  jwksUri: config.AUTH_JWKS_URI,
  statusListsOrigin: findStatusListsOrigin(config),
  statusLists: { maxAgeSeconds: config.STATUS_MAX_AGE },
  audience: config.AUDIENCE,
  algorithms: config.ALGORITHMS,
  dangerouslyAllowInsecureHttp: config.ALLOW_INSECURE_HTTP,
  onRejected: (rejection) => {
    tally(rejection.reason);
    logRejection(rejection);
  },
});

/** The lists are where the keys are: behind the same address, if the issuer has another one in here than for the world. */
function findStatusListsOrigin({ AUTH_STATUS_LISTS_ORIGIN, AUTH_JWKS_URI }: BillingConfig) {
  const address = AUTH_STATUS_LISTS_ORIGIN ?? AUTH_JWKS_URI;
  return address === undefined ? undefined : new URL(address).origin;
}

/** The caller is told no more than RFC 6750 asks for; the log says which rule the token broke. */
function logRejection({ reason, kid, cause }: Rejection): void {
  if (OUTAGES.includes(reason) && cause instanceof Error) log.warn(cause);
  else log.log({ refused: reason, kid });
}
