import { STATUS_CODES } from 'node:http';
import type { AccessToken } from '../core/access-token.js';
import { type AccessRule, selectScopes } from './access-rule.js';
import { type BearerError, InsufficientScope } from './bearer-error.js';
import type { ResolvedGuardsOptions } from './guards.options.js';

type ChallengeParameters = Readonly<Record<string, string>>;
type ChallengeOptions = Pick<ResolvedGuardsOptions, 'dpop' | 'issuers' | 'resourceMetadataUrl'>;

/** A call whose rule is known. The token is absent if it was not verified. */
interface RefusedCall {
  readonly rule: AccessRule;
  readonly token: AccessToken | undefined;
}

/** The scopes of the challenge: one set that opens the handler. */
export function findNeededScopes(
  error: BearerError,
  { rule, token }: RefusedCall,
  { advertisedScopes: advertised }: Pick<ResolvedGuardsOptions, 'advertisedScopes'>,
): readonly string[] {
  const demanded = error instanceof InsufficientScope ? error.missing : [];
  return selectScopes(rule, { held: token?.scopes, demanded, advertised });
}

/**
 * Value of `WWW-Authenticate` (RFC 6750 §3, RFC 9449 §7, RFC 9728 §5.1); undefined if another token would not help. Only
 * the DPoP challenge is sent to a client that used DPoP, and if every issuer requires DPoP.
 */
export function buildChallenge(error: BearerError, options: ChallengeOptions): string | undefined {
  const { challenge, scheme } = error;
  if (!challenge) return undefined;
  const { dpop, issuers } = options;
  const metadata = { ...buildMetadataParameters(options), ...buildScopeParameter(error) };
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

/** A client can request these scopes in its next authorization request. A malformed request needs no other scopes. */
function buildScopeParameter(error: BearerError): ChallengeParameters {
  const { scopes = [] } = error;
  return scopes.length > 0 && error.getStatus() !== 400 ? { scope: scopes.join(' ') } : {};
}

function formatChallenge(scheme: string, parameters: ChallengeParameters): string {
  const list = Object.entries(parameters).map(([name, value]) => `${name}=${quote(value)}`);
  return [scheme, list.join(', ')].join(' ').trim();
}

/** A quoted-string of printable ASCII (RFC 9110 §5.6.4). Handlers may throw refusals with text of any kind. */
function quote(value: string): string {
  return `"${value.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}

/**
 * A refusal for callers that receive messages instead of HTTP responses, in the format of Nest's own errors. It depends
 * on the class of the refusal, not on its reason.
 */
export interface ErrorMessage {
  readonly status: 'error';
  /** The phrase of the HTTP status. */
  readonly message: string;
  /** The error code of RFC 6750 §3.1, or `temporarily_unavailable`. Absent if the call had no credentials. */
  readonly code?: string;
  /** The value of `WWW-Authenticate` in an HTTP answer (RFC 6750 §3). */
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
