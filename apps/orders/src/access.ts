import type { GuardsOptions } from '@gatehouse/guards';
import { logRejection } from '@gatehouse/service-kit';
import type { OrdersConfig } from './orders.config.js';

/** Any client may request these. `orders:read:any` is for support staff. */
const ADVERTISED_SCOPES = ['orders:read', 'orders:write'];

/**
 * Says which access tokens this service accepts.
 *
 * @param countRejection receives the reason of each rejection
 */
export const guardsOptions = (
  config: OrdersConfig,
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
function findStatusListsOrigin({ AUTH_STATUS_LISTS_ORIGIN, AUTH_JWKS_URI }: OrdersConfig) {
  const address = AUTH_STATUS_LISTS_ORIGIN ?? AUTH_JWKS_URI;
  return address === undefined ? undefined : new URL(address).origin;
}
