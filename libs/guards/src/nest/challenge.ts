import { STATUS_CODES } from 'node:http';
import type { BearerError } from './bearer-error.js';
import type { ResolvedGuardsOptions } from './guards.options.js';

type ChallengeParameters = Readonly<Record<string, string>>;
type ChallengeOptions = Pick<ResolvedGuardsOptions, 'dpop' | 'issuers' | 'resourceMetadataUrl'>;

/**
 * Value of `WWW-Authenticate` (RFC 6750 §3, RFC 9449 §7, RFC 9728 §5.1), or undefined where another token would not help.
 * A client that came with a proof, or without one where that is never enough, is told about proofs alone.
 */
export function buildChallenge(
  { challenge, scheme }: BearerError,
  options: ChallengeOptions,
): string | undefined {
  if (!challenge) return undefined;
  const { dpop, issuers } = options;
  const metadata = buildMetadataParameters(options);
  if (!dpop) return formatChallenge('Bearer', { ...challenge, ...metadata });
  const algs = { algs: dpop.algorithms.join(' ') };
  if (scheme === 'DPoP' || issuers.every(({ requiresDpop }) => requiresDpop)) {
    return formatChallenge('DPoP', { ...challenge, ...algs, ...metadata });
  }
  const bearer = formatChallenge('Bearer', { ...challenge, ...metadata });
  return `${bearer}, ${formatChallenge('DPoP', { ...algs, ...metadata })}`;
}

function buildMetadataParameters({
  resourceMetadataUrl: url,
}: ChallengeOptions): ChallengeParameters {
  return url ? { resource_metadata: url } : {};
}

function formatChallenge(scheme: string, parameters: ChallengeParameters): string {
  const list = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`);
  return [scheme, list.join(', ')].join(' ').trim();
}

/**
 * A refusal for callers that get messages instead of HTTP responses, in the shape of Nest's own errors. What it says
 * depends on the class of the refusal alone.
 */
export interface ErrorMessage {
  readonly status: 'error';
  /** The phrase of the HTTP status. */
  readonly message: string;
  /** The error code of RFC 6750 §3.1, or `temporarily_unavailable`. None when there were no credentials. */
  readonly code?: string;
  /** What `WWW-Authenticate` would say (RFC 6750 §3). */
  readonly challenge?: string;
}

export function buildErrorMessage(
  refusal: BearerError,
  challenge: string | undefined,
): ErrorMessage {
  const { error: code } = refusal.challenge ?? { error: 'temporarily_unavailable' };
  return {
    status: 'error',
    message: STATUS_CODES[refusal.getStatus()] ?? 'Unauthorized',
    ...(code !== undefined && { code }),
    ...(challenge !== undefined && { challenge }),
  };
}
