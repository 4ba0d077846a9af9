import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import { findNeededScopes, type RefusedCall } from './access-rule.js';
import { BearerError, type ChallengeParameters } from './bearer-error.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { RejectionReporter } from './rejection-reporter.js';
import { TransportRegistry } from './http.transport.js';
import { findAdmission } from './verified-token.js';

/** Sends the refusal to the caller, in the format of its transport. */
@Catch(BearerError)
export class BearerErrorFilter implements ExceptionFilter<BearerError> {
  constructor(
    private readonly transports: TransportRegistry,
    private readonly reporter: RejectionReporter,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {}

  catch(error: BearerError, host: ArgumentsHost): unknown {
    if (!this.transports.find(host)) throw error;
    this.completeHandlerError(error, host);
    this.reporter.reportHandlerRejection(error, host);
    return this.send(error, host, buildChallenge(error, this.options));
  }

  /** A subclass may answer in another form. @param challenge value of `WWW-Authenticate`, if the refusal has one */
  protected send(error: BearerError, host: ArgumentsHost, challenge: string | undefined): unknown {
    return this.transports.find(host)?.refuse(error, host, challenge);
  }

  /** The guard completes its own refusals. A handler or a parameter knows neither the scheme of the call nor its rule. */
  private completeHandlerError(error: BearerError, host: ArgumentsHost): void {
    const call: RefusedCall = findAdmission(host) ?? {};
    // A bound token was sent with its proof.
    if (call.token?.boundTo !== undefined) error.scheme = 'DPoP';
    // Fields of a query and messages of a socket share their admission.
    if (host.getType() === 'http') error.scopes ??= findNeededScopes(error, call, this.options);
  }
}

/**
 * Value of `WWW-Authenticate` (RFC 6750 §3, RFC 9449 §7, RFC 9728 §5.1); undefined if another token would not help. Only
 * the DPoP challenge is sent to a client that used DPoP, and if every issuer requires DPoP.
 */
export function buildChallenge(
  error: BearerError,
  { proofOfPossession, resourceMetadataUrl: url }: ResolvedGuardsOptions,
): string | undefined {
  const { challenge, scheme } = error;
  if (!challenge) return undefined;
  const common = { ...(url && { resource_metadata: url }), ...describeScopes(error) };
  const bearer = formatChallenge('Bearer', { ...challenge, ...common });
  if (!proofOfPossession) return bearer;
  const dpop = { ...proofOfPossession.challenge, ...common };
  if (scheme === 'DPoP' || proofOfPossession.isRequired) {
    return formatChallenge('DPoP', { ...challenge, ...dpop });
  }
  return `${bearer}, ${formatChallenge('DPoP', dpop)}`;
}

/** A client can request these scopes in its next authorization request. A malformed request needs no other scopes. */
function describeScopes(error: BearerError): ChallengeParameters {
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
