import { BearerError, InvalidToken } from './bearer-error.js';
import { bearerToken, type HttpRequest } from './bearer-token.js';
import { parseCompactJws } from './compact-jws.js';
import type { ResolvedGuardsOptions } from './guards.options.js';
import { parseJoseHeader } from './jose-header.js';
import type { Rejection, RejectionReason } from './rejection.js';

/** jsonwebtoken tells its reasons apart by their words only. */
const VERIFIER_WORDS: readonly [words: string, reason: RejectionReason][] = [
  ['jwt issuer invalid', 'wrong_issuer'],
  ['jwt audience invalid', 'wrong_audience'],
];

/** Whatever the verifier threw, as the refusal that the client gets. What we do not recognise is a bad signature. */
export function refusalOf(error: unknown): BearerError {
  if (error instanceof BearerError) return error;
  const words = error instanceof Error ? error.message : '';
  const known = VERIFIER_WORDS.find(([start]) => words.startsWith(start));
  return new InvalidToken(known?.[1] ?? 'bad_signature', error);
}

export function describeRejection(
  { reason, cause }: BearerError,
  request: HttpRequest,
  options: ResolvedGuardsOptions,
): Rejection {
  const kid = unverifiedKeyId(request, options);
  return {
    reason,
    issuer: options.issuer,
    ...(kid !== undefined && { kid }),
    ...(cause !== undefined && { cause }),
  };
}

/** Taken apart a second time, for refusals only, so that a good request carries nothing along for the log. */
function unverifiedKeyId(request: HttpRequest, options: ResolvedGuardsOptions): string | undefined {
  try {
    const token = bearerToken(request);
    if (token.length > options.maxTokenBytes) return undefined;
    return parseJoseHeader(parseCompactJws(token).header, options.algorithms).kid;
  } catch {
    return undefined;
  }
}
