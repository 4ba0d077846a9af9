import { Clock, Problem } from '@gatehouse/service-kit';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { OAuthError, rejectQueryParameters } from './oauth-error.js';

type SentRequest = Pick<FastifyRequest, 'headers' | 'method' | 'url'>;

/** The origin of a page that sent a request and is not a page of this server. */
export interface ForeignOrigin {
  /** undefined if the browser does not name it */
  readonly origin: string | undefined;
}

/** An origin that a log or a page may repeat: a scheme, a host and a port. */
const READABLE_ORIGIN = /^[a-z][a-z\d+.-]{0,30}:\/\/[\w.:[\]-]{1,255}$/i;

/**
 * Reads what the browser says about the origin of a request: `Origin` (RFC 6454 §7) and `Sec-Fetch-Site` (Fetch Metadata §2.3).
 * No script can change them. A request without both is not from a page of another site in a browser of today.
 *
 * @returns undefined for a page of this server, for the user alone, and for a client that is no browser
 */
export function findForeignOrigin(
  { headers }: Pick<SentRequest, 'headers'>,
  ownOrigin: string,
): ForeignOrigin | undefined {
  const { origin, 'sec-fetch-site': site } = headers;
  const isNamed = origin !== undefined && origin !== 'null';
  if (isNamed && origin !== ownOrigin)
    return { origin: READABLE_ORIGIN.test(origin) ? origin : undefined };
  const isOwn = site === undefined ? origin !== 'null' : site === 'same-origin' || site === 'none';
  return isOwn ? undefined : { origin: undefined };
}

/** A page of another origin sent the request. The user reads both origins on an error page. */
export class ForeignRequestError extends Error {
  override readonly name = 'ForeignRequestError';

  constructor(readonly origin: string | undefined) {
    super('a page of another origin sent this request');
  }
}

const LOG_PAUSE_MS = 60_000;
const MAX_LOGGED_ORIGINS = 20;

/** Refuses requests that a page of another origin sent, and tells the operator both origins. */
@Injectable()
export class RequestOriginService {
  private readonly logger = new Logger('RequestOrigin');
  private readonly issuerOrigin: string;
  /** Origins that were logged within the last minute, so that no site can fill the log. */
  private readonly logged = new Set<string | undefined>();
  private loggedSince = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig,
  ) {
    this.issuerOrigin = new URL(ISSUER).origin;
  }

  find(request: Pick<SentRequest, 'headers'>): ForeignOrigin | undefined {
    return findForeignOrigin(request, this.issuerOrigin);
  }

  /** @throws {ForeignRequestError} */
  checkForm(request: Pick<SentRequest, 'headers'>): void {
    const foreign = this.find(request);
    if (foreign) this.refuseForm(foreign);
  }

  /** @throws {ForeignRequestError} always */
  refuseForm({ origin }: ForeignOrigin): never {
    this.log('form', origin);
    throw new ForeignRequestError(origin);
  }

  /** @returns the reason of the refusal, for the answer */
  describeRefusedRequest({ origin }: ForeignOrigin): string {
    this.log('request', origin);
    const sender = origin ?? 'a page of another site';
    return `The request came from ${sender}, and this server is ${this.issuerOrigin}.`;
  }

  private log(kind: string, origin: string | undefined): void {
    const now = this.clock.monotonic();
    if (now - this.loggedSince >= LOG_PAUSE_MS) {
      this.logged.clear();
      this.loggedSince = now;
    }
    if (this.logged.has(origin) || this.logged.size >= MAX_LOGGED_ORIGINS) return;
    this.logged.add(origin);
    const sender = origin ?? 'a page whose origin the browser does not name';
    this.logger.warn(`a ${kind} came from ${sender}; ISSUER is ${this.issuerOrigin}`);
  }
}

type Accepted = 'own pages' | 'any page' | 'OAuth callers' | 'API callers';

/**
 * Whose requests a handler accepts: forms of this server's pages, forms and links of any page, or JSON, refused in the words of
 * OAuth or with problem details. Each of them also accepts programs that are no browsers.
 */
export const AcceptsFrom = Reflector.createDecorator<Accepted>();

const FORM_TYPE = /^application\/x-www-form-urlencoded *(;|$)/i;
const hasContent = ({ headers }: SentRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
const JSON_TYPE = /^application\/json *(;|$)/i;

/**
 * Runs before the rate limits, so that pages of other sites cannot use up the quota of a network: it looks at `Origin`,
 * `Sec-Fetch-Site` and the content type only.
 */
@Injectable()
export class RequestSourceGuard implements CanActivate {
  constructor(
    private readonly origins: RequestOriginService,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    const accepted = this.reflector.getAllAndOverride(AcceptsFrom, targets);
    if (accepted === undefined) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (accepted === 'OAuth callers') this.checkOAuthRequest(request);
    else if (accepted === 'API callers') this.checkApiRequest(request);
    else if (request.method !== 'POST') this.checkNavigation(request);
    else if (accepted === 'own pages') this.checkForm(request);
    return true;
  }

  private checkForm(request: SentRequest): void {
    this.origins.checkForm(request);
    const type = request.headers['content-type'];
    if (type !== undefined && hasContent(request) && !FORM_TYPE.test(type))
      throw new Problem(415, { detail: 'Send application/x-www-form-urlencoded.' });
  }

  /** An image or a script of another site is no navigation. A browser without Fetch Metadata does not tell. */
  private checkNavigation(request: SentRequest): void {
    const { 'sec-fetch-mode': mode = 'navigate', 'sec-fetch-site': site } = request.headers;
    if (mode !== 'navigate' && (site === 'cross-site' || site === 'same-site'))
      throw new ForeignRequestError(undefined);
  }

  private checkOAuthRequest(request: SentRequest): void {
    const type = request.headers['content-type'];
    if (type !== undefined && !JSON_TYPE.test(type))
      throw OAuthError.invalidRequest('Send application/json.');
    rejectQueryParameters(request.url);
    const foreign = this.findSender(request);
    if (foreign) throw OAuthError.invalidRequest(this.origins.describeRefusedRequest(foreign));
  }

  private checkApiRequest(request: SentRequest): void {
    const type = request.headers['content-type'];
    if (type !== undefined && hasContent(request) && !JSON_TYPE.test(type))
      throw new Problem(415, { detail: 'Send application/json.' });
    const foreign = this.findSender(request);
    if (foreign) throw new Problem(403, { detail: this.origins.describeRefusedRequest(foreign) });
  }

  /**
   * A page of another site can send a form, but not JSON, because the browser asks first (CORS). So a request with JSON is
   * foreign only if the browser says that another site sent it: front ends behind a proxy have an origin of their own.
   */
  private findSender(request: SentRequest): ForeignOrigin | undefined {
    const { 'content-type': type, 'sec-fetch-site': site = 'none' } = request.headers;
    const canBeForeign = type === undefined || (site !== 'same-origin' && site !== 'none');
    return canBeForeign ? this.origins.find(request) : undefined;
  }
}
