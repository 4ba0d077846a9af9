import type { GuardsOptions, Rejection } from '@gatehouse/guards';
import { Logger } from '@nestjs/common';
import type { BillingConfig } from './billing.config.js';

const log = new Logger('Access');

/** Whose tokens are accepted here. */
export const guardsOptions = (config: BillingConfig): GuardsOptions => ({
  issuer: config.AUTH_ISSUER,
  jwksUri: config.AUTH_JWKS_URI,
  audience: config.AUDIENCE,
  algorithms: config.ALGORITHMS,
  dangerouslyAllowInsecureHttp: config.ALLOW_INSECURE_HTTP,
  onRejected: logRejection,
});

/** The caller is told no more than RFC 6750 asks for; the log says which rule the token broke. */
function logRejection({ reason, kid, cause }: Rejection): void {
  if (reason === 'keys_unavailable' && cause instanceof Error) log.warn(cause);
  else log.log({ refused: reason, kid });
}
