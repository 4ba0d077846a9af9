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

const WINDOW_MS = 60_000;
/** For each reason in a minute, so that a flood of requests is no flood of lines. */
const MAX_DEBUG_LINES = 20;
/** With issuers that are found at run time, outages of as many issuers may occur. */
const MAX_WINDOWS = 1000;

/** For refusals that the configuration may have caused. */
const ADVICE: { readonly [Reason in RejectionReason]?: string } = {
  wrong_issuer: 'If you trust this issuer, add it to the options.',
  wrong_audience: 'The client must request a token for `audience`: is that option right?',
  wrong_type: 'If access tokens of this issuer have this typ, set its `tokenTypes`.',
  unknown_key: 'Does `jwksUri` belong to the issuer that signed the token?',
  bound_token: 'Only the part dpop with its option `dpop` accepts tokens that are bound to a key.',
  unsupported_transport: 'Add its transport, or @Public() if other code decides about these calls.',
};

/** Logs every refusal once and calls `onRejected`. An error there changes no answer and does not end the process. */
@Injectable()
export class RejectionReporter {
  private readonly reported = new WeakSet<BearerError>();
  private readonly outages = new WeakSet<object>();
  /** Refusals of one reason in a minute. */
  private readonly windows = new Map<string, { readonly since: number; count: number }>();
  private readonly logger = new Logger('GuardsModule');

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedGuardsOptions,
    private readonly issuers: TrustedIssuers,
  ) {}

  /** Reports a refusal of credentials. Parses the token again, so that accepted calls store nothing for the log. */
  reportGuardRejection(refusal: BearerError, carrier: CredentialCarrier): void {
    const { logsRejections, onRejected } = this.options;
    if (!this.markReported(refusal) || (!logsRejections && !onRejected)) return;
    const token = refusal.reason === 'oversized_token' ? '' : readUnverified(carrier);
    this.report(describe(refusal, this.issuers.verifier.describe(token), carrier), refusal);
  }

  /** Prevents another report. Returns false if the refusal was reported before. */
  markReported(refusal: BearerError): boolean {
    const isNew = !this.reported.has(refusal);
    this.reported.add(refusal);
    return isNew;
  }

  /** Reports a call that the guard admitted, and a parameter or the handler refused. */
  reportHandlerRejection(refusal: BearerError, host: ArgumentsHost): void {
    if (!this.markReported(refusal)) return;
    const issuer = findVerifiedToken(host)?.issuer;
    const request: unknown = host.getType() === 'http' && host.getArgByIndex(0);
    this.report(describe(refusal, issuer === undefined ? {} : { issuer }, request), refusal);
  }

  report(rejection: Rejection, refusal?: BearerError): void {
    const outage = refusal instanceof TemporarilyUnavailable ? refusal.outage : undefined;
    const { reason, issuer } = rejection;
    const count = this.count(outage ? `${reason} ${issuer}` : reason, outage);
    if (this.options.logsRejections) this.log(rejection, count);
    const isKnownOutage = refusal instanceof TemporarilyUnavailable && count > 1;
    this.callBack(isKnownOutage ? { ...rejection, isKnownOutage } : rejection);
  }

  private callBack(rejection: Rejection): void {
    try {
      // TypeScript accepts an asynchronous function here.
      const result: unknown = this.options.onRejected?.(rejection);
      if (result instanceof Promise) result.catch((error: unknown) => this.logCallbackError(error));
    } catch (error) {
      this.logCallbackError(error);
    }
  }

  /** Counts refusals in this minute, from 1. The first one of a minute counts as 2 if its outage is known. */
  private count(key: string, outage: object | undefined): number {
    const at = this.options.monotonicNow();
    let window = this.windows.get(key);
    if (!window || at >= window.since + WINDOW_MS) {
      if (this.windows.size >= MAX_WINDOWS) this.windows.clear();
      window = { since: at, count: outage && this.outages.has(outage) ? 1 : 0 };
      this.windows.set(key, window);
    }
    window.count += 1;
    if (outage && window.count === 1) this.outages.add(outage);
    return window.count;
  }

  private log(rejection: Rejection, count: number): void {
    if (count > 1 + MAX_DEBUG_LINES) return;
    const line = formatLine(rejection);
    if (count > 1) return this.logger.debug(line);
    const rest = `For a minute, the next ${MAX_DEBUG_LINES} of this reason are logged at debug.`;
    this.logger.warn([`${line}.`, ADVICE[rejection.reason], rest].filter(Boolean).join(' '));
  }

  private logCallbackError(error: unknown): void {
    this.logger.error('onRejected has failed', error instanceof Error ? error.stack : error);
  }
}

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

/** Undefined for messages, which are no HTTP requests. */
function describeRequest(call: unknown): RejectedRequest | undefined {
  const { method, id, url, originalUrl = url } = Object(call) as Record<string, unknown>;
  if (typeof method !== 'string' || typeof originalUrl !== 'string') return undefined;
  const start = originalUrl.replace(/[?#].*/s, '').slice(0, 256);
  // Identifiers are shorter than this, and tokens are longer.
  const path = start.replace(/[^/]{65,}/g, '[long]');
  return { method, path, ...(typeof id === 'string' && { id }) };
}

function formatLine({ reason, issuer, kid, cause, request }: Rejection): string {
  const details = [
    cause !== undefined && describeError(cause),
    issuer !== undefined && `issuer ${quoteValue(issuer)}`,
    kid !== undefined && `kid ${quoteValue(kid)}`,
    request && `${request.method} ${quoteValue(request.path)}`,
  ];
  const text = details.filter(Boolean).join(', ');
  // A handler may throw a refusal with text of any kind.
  return `Refused a call: ${reason}${text && ` (${text})`}`.replace(/[^\x20-\x7e]/g, '?');
}
