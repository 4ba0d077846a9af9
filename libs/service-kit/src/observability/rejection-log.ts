import { Logger } from '@nestjs/common';

/** The properties of a rejection of the guards that the log needs. This library does not import the guards. */
interface LoggedRejection {
  readonly reason: string;
  readonly issuer?: string;
  readonly kid?: string;
  readonly cause?: unknown;
  readonly isKnownOutage?: boolean;
  readonly request?: { readonly id?: string; readonly method: string; readonly path: string };
}

const OUTAGES = ['keys_unavailable', 'status_unavailable', 'proofs_unavailable'];

const log = new Logger('Access');

/**
 * Logs a call that the guards refused. The response says no more than RFC 6750 requires. The log names the rule that the token
 * broke, the values that differ, and the request. An outage is a warning once, because it refuses every request.
 */
export function logRejection(rejection: LoggedRejection): void {
  const { reason, issuer, kid, cause, request, isKnownOutage } = rejection;
  const why = cause instanceof Error ? cause.message : undefined;
  const line = { msg: 'refused', refused: reason, issuer, kid, why, ...describeRequest(request) };
  if (isKnownOutage) log.debug(line);
  else if (OUTAGES.includes(reason)) log.warn(line);
  else log.log(line);
}

/** The names are those of the request's own line. */
const describeRequest = (request: LoggedRejection['request']): object =>
  request ? { reqId: request.id, method: request.method, path: request.path } : {};
