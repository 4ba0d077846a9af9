import type { GuardsOptions } from '@gatehouse/guards';
import { logRejection } from '@gatehouse/service-kit';
import type { BillingConfig } from './billing.config.js';

/** Any client may request these. The others are for services and staff. */
const ADVERTISED_SCOPES = ['billing:read', 'billing:pay'];

/**
 * Says which access tokens this service accepts.
 *
 * @param countRejection receives the reason of each rejection
 */
export const guardsOptions = (
  config: BillingConfig,
  countRejection: (reason: string) => void = () => undefined,
): GuardsOptions => ({
  issuer: config.AUTH_ISSUER,
  jwksUri: config.AUTH_JWKS_URI,
  statusListsOrigin: findStatusListsOrigin(config),
  statusLists: { maxAgeSeconds: config.STATUS_MAX_AGE },
  clockToleranceSeconds: config.CLOCK_TOLERANCE,
  audience: config.AUDIENCE,
  algorithms: config.ALGORITHMS,
  advertisedScopes: ADVERTISED_SCOPES,
  dangerouslyAllowInsecureHttp: config.ALLOW_INSECURE_HTTP,
  onRejected: (rejection) => {
    countRejection(rejection.reason);
    logRejection(rejection);
  },
});

/** By default the status lists have the origin of the keys, also when that is an internal address of the issuer. */
function findStatusListsOrigin({ AUTH_STATUS_LISTS_ORIGIN, AUTH_JWKS_URI }: BillingConfig) {
  const address = AUTH_STATUS_LISTS_ORIGIN ?? AUTH_JWKS_URI;
  return address === undefined ? undefined : new URL(address).origin;
}
