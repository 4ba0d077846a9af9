import { STATUS_CODES } from 'node:http';
import type { BearerError } from './bearer-error.js';

/**
 * A refusal for callers that get messages instead of HTTP responses, in the shape of Nest's own errors. What it says
 * depends on the class of the refusal alone.
 */
export interface RefusalMessage {
  readonly status: 'error';
  /** The phrase of the HTTP status. */
  readonly message: string;
  /** The error code of RFC 6750 §3.1, or `temporarily_unavailable`. None when there were no credentials. */
  readonly code?: string;
  /** What `WWW-Authenticate` would say (RFC 6750 §3). */
  readonly challenge?: string;
}

export function refusalMessage(
  refusal: BearerError,
  challenge: string | undefined,
): RefusalMessage {
  const { error: code } = refusal.challenge ?? { error: 'temporarily_unavailable' };
  return {
    status: 'error',
    message: STATUS_CODES[refusal.getStatus()] ?? 'Unauthorized',
    ...(code !== undefined && { code }),
    ...(challenge !== undefined && { challenge }),
  };
}
