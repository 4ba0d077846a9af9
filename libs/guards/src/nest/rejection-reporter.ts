import { type ArgumentsHost, Inject, Injectable, Logger } from '@nestjs/common';
import { type CompactJws, parseCompactJws } from '../core/jws.js';
import type { TrustedIssuer } from '../core/trusted-issuer.js';
import {
  type BearerError,
  type RejectedRequest,
  type Rejection,
  TemporarilyUnavailable,
} from './bearer-error.js';
import { type CredentialCarrier, readToken } from './credentials.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { RejectionHistory, RejectionLog } from './rejection-log.js';
import { getProperty } from './transport.js';
import { TrustedIssuers } from './trusted-issuers.js';
import { findVerifiedToken } from './verified-token.js';

/** Parses the token again, for refusals only, so that accepted calls store nothing for the log. */
export function describeRejection(
  { reason, cause }: BearerError,
  carrier: CredentialCarrier,
  issuers: TrustedIssuers,
): Rejection {
  const jws = reason === 'oversized_token' ? undefined : parseUnverified(carrier);
  const issuer = issuers.named(jws?.claims['iss']) ?? issuers.only;
  return {
    reason,
    ...(issuer && { issuer: issuer.rules.issuer }),
    ...(issuer && jws && readUnverifiedKeyId(jws, issuer)),
    ...describeContext(cause, carrier),
  };
}

/** The members that every refusal may have. */
function describeContext(cause: unknown, call: unknown): Pick<Rejection, 'cause' | 'request'> {
  const request = describeRequest(call);
  return { ...(cause !== undefined && { cause }), ...(request && { request }) };
}

const MAX_PATH_LENGTH = 256;
/** Identifiers are shorter than this, and tokens are longer. */
const LONG_PATH_SEGMENT = /[^/]{65,}/g;

/** Undefined for messages, which are no HTTP requests. */
function describeRequest(request: unknown): RejectedRequest | undefined {
  const [method, id] = ['method', 'id'].map((name) => getProperty(request, name));
  const url = getProperty(request, 'originalUrl') ?? getProperty(request, 'url');
  if (typeof method !== 'string' || typeof url !== 'string') return undefined;
  const path = url
    .replace(/[?#].*/s, '')
    .slice(0, MAX_PATH_LENGTH)
    .replace(LONG_PATH_SEGMENT, '[long]');
  return { method, path, ...(typeof id === 'string' && { id }) };
}

function parseUnverified(carrier: CredentialCarrier): CompactJws | undefined {
  try {
    return parseCompactJws(readToken(carrier));
  } catch {
    return undefined;
  }
}

function readUnverifiedKeyId(
  { header }: CompactJws,
  issuer: TrustedIssuer,
): Pick<Rejection, 'kid'> {
  try {
    return { kid: issuer.parseHeader(header).kid };
  } catch {
    return {};
  }
}

/** Logs every refusal once and calls `onRejected`. An error there changes no answer and does not end the process. */
@Injectable()
export class RejectionReporter {
  private readonly reported = new WeakSet<BearerError>();
  private readonly logger = new Logger('GuardsModule');
  private readonly log: RejectionLog | undefined;
  private readonly history: RejectionHistory;

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedGuardsOptions,
    private readonly issuers: TrustedIssuers,
  ) {
    this.log = options.logsRejections ? new RejectionLog() : undefined;
    this.history = new RejectionHistory(options);
  }

  /** Reports a call that the guard refused. */
  reportGuardRejection(refusal: BearerError, carrier: CredentialCarrier): void {
    this.markReported(refusal);
    if (!this.log && !this.options.onRejected) return;
    this.report(describeRejection(refusal, carrier, this.issuers), refusal);
  }

  /** Prevents another report of the same refusal. */
  markReported(refusal: BearerError): void {
    this.reported.add(refusal);
  }

  /** Reports a call that the guard admitted, and a parameter or the handler refused. */
  reportHandlerRejection(refusal: BearerError, host: ArgumentsHost): void {
    if (this.reported.has(refusal)) return;
    this.markReported(refusal);
    const { reason, cause } = refusal;
    const issuer = findVerifiedToken(host)?.issuer;
    const context = describeContext(cause, host.getType() === 'http' && host.getArgByIndex(0));
    const rejection = { reason, ...(issuer && { issuer }), ...context };
    this.report(rejection, refusal);
  }

  report(rejection: Rejection, refusal?: BearerError): void {
    const isOutage = refusal instanceof TemporarilyUnavailable;
    const isNews = this.history.isNews(rejection, refusal);
    this.log?.write(rejection, { isNews, isOutage });
    try {
      const reported = isOutage && !isNews ? { ...rejection, isKnownOutage: true } : rejection;
      // TypeScript accepts an asynchronous function here.
      const result: unknown = this.options.onRejected?.(reported);
      if (result instanceof Promise) result.catch((error: unknown) => this.logCallbackError(error));
    } catch (error) {
      this.logCallbackError(error);
    }
  }

  private logCallbackError(error: unknown): void {
    this.logger.error('onRejected has failed', error instanceof Error ? error.stack : error);
  }
}
