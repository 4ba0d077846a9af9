import { type ArgumentsHost, Inject, Injectable, Logger } from '@nestjs/common';
import { describeError, quoteValue } from '../core/token-error.js';
import {
  type BearerError,
  type RejectedRequest,
  type Rejection,
  type RejectionReason,
  TemporarilyUnavailable,
} from './bearer-error.js';
import { type CredentialCarrier, readCredentials } from './credentials.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { TrustedIssuers } from './request-authenticator.js';
import { findVerifiedToken } from './verified-token.js';

const REPEAT_AFTER_MS = 60_000;
/** The issuers of outages can be as many as the tenants of the application. */
const MAX_REMEMBERED = 1000;

/** What to do about refusals that are mostly caused by the configuration. */
const ADVICE: { readonly [Reason in RejectionReason]?: string } = {
  wrong_issuer: 'If you trust this issuer, add it to the options',
  wrong_audience:
    'Is the option `audience` the identifier that the client requested the token for?',
  wrong_type: 'If access tokens of this issuer have this typ, add it to `tokenTypes` of the issuer',
  unknown_key: 'Is `jwksUri` the key set of the issuer that signed this token?',
  bound_token:
    'To accept tokens that are bound to a key, add the part dpop and set the option `dpop`',
};

/** Logs every refusal once and calls `onRejected`. An error there changes no answer and does not end the process. */
@Injectable()
export class RejectionReporter {
  private readonly reported = new WeakSet<BearerError>();
  private readonly outages = new WeakSet<object>();
  private readonly reportedAt = new Map<string, number>();
  private readonly logger = new Logger('GuardsModule');

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedGuardsOptions,
    private readonly issuers: TrustedIssuers,
  ) {}

  /** Reports a call that was refused because of its credentials. Parses the token again, so that accepted calls store nothing. */
  reportGuardRejection(refusal: BearerError, carrier: CredentialCarrier): void {
    this.markReported(refusal);
    const { logsRejections, onRejected } = this.options;
    if (!logsRejections && !onRejected) return;
    const token = refusal.reason === 'oversized_token' ? '' : readUnverified(carrier);
    this.report(describe(refusal, this.issuers.verifier.describe(token), carrier), refusal);
  }

  /** Prevents another report of the same refusal. */
  markReported(refusal: BearerError): void {
    this.reported.add(refusal);
  }

  /** Reports a call that the guard admitted, and a parameter or the handler refused. */
  reportHandlerRejection(refusal: BearerError, host: ArgumentsHost): void {
    if (this.reported.has(refusal)) return;
    this.markReported(refusal);
    const issuer = findVerifiedToken(host)?.issuer;
    const request: unknown = host.getType() === 'http' && host.getArgByIndex(0);
    this.report(describe(refusal, issuer === undefined ? {} : { issuer }, request), refusal);
  }

  report(rejection: Rejection, refusal?: BearerError): void {
    const isOutage = refusal instanceof TemporarilyUnavailable;
    const isNews = this.isNews(rejection, isOutage ? refusal.state.outage : undefined);
    if (this.options.logsRejections) this.log(rejection, { isNews, isOutage });
    try {
      const reported = isOutage && !isNews ? { ...rejection, isKnownOutage: true } : rejection;
      // TypeScript accepts an asynchronous function here.
      const result: unknown = this.options.onRejected?.(reported);
      if (result instanceof Promise) result.catch((error: unknown) => this.logCallbackError(error));
    } catch (error) {
      this.logCallbackError(error);
    }
  }

  /** Whether this is the first refusal of its reason in a minute, and the first of its outage. */
  private isNews({ reason, issuer }: Rejection, outage: object | undefined): boolean {
    if (outage && this.outages.has(outage)) return false;
    const key = outage ? `${reason} ${issuer}` : reason;
    const at = this.options.monotonicNow();
    if (at < (this.reportedAt.get(key) ?? -Infinity) + REPEAT_AFTER_MS) return false;
    if (this.reportedAt.size >= MAX_REMEMBERED) this.reportedAt.clear();
    this.reportedAt.set(key, at);
    if (outage) this.outages.add(outage);
    return true;
  }

  /** The first refusal of each reason in a minute is a warning, and so is the first of each outage. */
  private log(rejection: Rejection, { isNews, isOutage }: Record<'isNews' | 'isOutage', boolean>) {
    const line = formatLine(rejection);
    if (!isNews) return this.logger.debug(line);
    const advice = ADVICE[rejection.reason];
    const rest = isOutage ? 'for this outage' : 'with this reason in the next minute';
    this.logger.warn(
      `${line}.${advice ? ` ${advice}.` : ''} Other refusals ${rest} are logged at debug`,
    );
  }

  private logCallbackError(error: unknown): void {
    this.logger.error('onRejected has failed', error instanceof Error ? error.stack : error);
  }
}

/** The text in the place of the token, for the issuer and the key in the log. */
function readUnverified(carrier: CredentialCarrier): string {
  try {
    return readCredentials(carrier).token;
  } catch {
    return '';
  }
}

function describe(
  { reason, cause }: BearerError,
  token: Pick<Rejection, 'issuer' | 'kid'>,
  call: unknown,
): Rejection {
  const request = describeRequest(call);
  return { reason, ...token, ...(cause !== undefined && { cause }), ...(request && { request }) };
}

const MAX_PATH_LENGTH = 256;
/** Identifiers are shorter than this, and tokens are longer. */
const LONG_PATH_SEGMENT = /[^/]{65,}/g;

/** Undefined for messages, which are no HTTP requests. */
function describeRequest(call: unknown): RejectedRequest | undefined {
  const { method, id, url, originalUrl = url } = Object(call) as Record<string, unknown>;
  if (typeof method !== 'string' || typeof originalUrl !== 'string') return undefined;
  const path = originalUrl
    .replace(/[?#].*/s, '')
    .slice(0, MAX_PATH_LENGTH)
    .replace(LONG_PATH_SEGMENT, '[long]');
  return { method, path, ...(typeof id === 'string' && { id }) };
}

function formatLine({ reason, issuer, kid, cause, request }: Rejection): string {
  const parts = [
    cause !== undefined && describeError(cause),
    issuer !== undefined && `issuer ${quoteValue(issuer)}`,
    kid !== undefined && `kid ${quoteValue(kid)}`,
    request && `${request.method} ${quoteValue(request.path)}`,
  ];
  const details = parts.filter((part) => typeof part === 'string').join(', ');
  // A handler may throw a refusal with text of any kind.
  return `Refused a call: ${reason}${details && ` (${details})`}`.replace(/[^\x20-\x7e]/g, '?');
}
