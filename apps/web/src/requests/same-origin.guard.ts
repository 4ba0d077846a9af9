import { Problem } from '@gatehouse/service-kit';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { RequestOrigin } from '../upstream/upstream-observer.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';

const FROM_SERVERS = 'gatehouse web: from servers';

/** The route is for other servers, which authenticate by its content. It must not read the session cookie. */
export const AcceptsServers = () => SetMetadata(FROM_SERVERS, true);

const SAFE_METHODS = ['GET', 'HEAD'];
/** By the route and not by the address, because the router decodes `%73ession` and accepts an absolute address. */
const isGuarded = ({ method, url, routeOptions }: FastifyRequest): boolean =>
  !SAFE_METHODS.includes(method) ||
  /^\/(activity|api|session)(\/|\?|$)/.test(routeOptions.url ?? url);

/**
 * Protects against cross-site request forgery (RFC 10017 §6.1.3.3). Another origin cannot send the header `x-requested-by`
 * without a preflight request, which this server never allows. `SameSite` alone does not suffice, because all ports of
 * localhost, and all hosts of a domain, are one site.
 */
@Injectable()
export class SameOriginGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  /** @throws {Problem} 403 with the reason in `code` */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (!isGuarded(request)) return true;
    if (this.reflector.getAllAndOverride(FROM_SERVERS, [context.getHandler(), context.getClass()]))
      return true;
    const reason = this.findReason(request);
    if (reason === undefined) return true;
    throw new Problem(403, {
      detail: 'This request was not sent by a page of this origin.',
      extensions: { code: reason },
    });
  }

  private findReason({ headers }: FastifyRequest): string | undefined {
    const { origin, 'sec-fetch-site': site, 'x-requested-by': requestedBy } = headers;
    if (requestedBy !== 'web') return 'header_missing';
    if (origin !== undefined && origin !== this.config.PUBLIC_URL) return 'other_origin';
    if (site !== undefined && site !== 'same-origin') return 'other_site';
    return undefined;
  }
}

const CLICK_ID = /^[\w-]{1,64}$/;

/** Which click of which session a request belongs to. */
export function readRequestOrigin({ headers }: FastifyRequest, sessionId?: string): RequestOrigin {
  const click = headers['x-click'];
  const clickId = typeof click === 'string' && CLICK_ID.test(click) ? click : undefined;
  return { sessionId, clickId };
}
