import { type CredentialCarrier, tokenOf } from '../http/credentials.js';
import type { TrustedIssuer } from '../issuers/trusted-issuer.js';
import type { TrustedIssuers } from '../issuers/trusted-issuers.js';
import { type CompactJws, parseCompactJws } from '../token/compact-jws.js';
import type { BearerError } from './bearer-error.js';
import type { Rejection } from './rejection.js';

/** Takes the token apart a second time, for refusals only, so that a good call carries nothing along for the log. */
export function describeRejection(
  { reason, cause }: BearerError,
  carrier: CredentialCarrier,
  issuers: TrustedIssuers,
): Rejection {
  const jws = reason === 'oversized_token' ? undefined : unverified(carrier);
  const issuer = issuers.named(jws?.claims['iss']) ?? issuers.only;
  return {
    reason,
    ...(issuer && { issuer: issuer.rules.issuer }),
    ...(issuer && jws && keyIdentifier(jws, issuer)),
    ...(cause !== undefined && { cause }),
  };
}

function unverified(carrier: CredentialCarrier): CompactJws | undefined {
  try {
    return parseCompactJws(tokenOf(carrier));
  } catch {
    return undefined;
  }
}

function keyIdentifier({ header }: CompactJws, issuer: TrustedIssuer): Pick<Rejection, 'kid'> {
  try {
    return { kid: issuer.header(header).kid };
  } catch {
    return {};
  }
}
