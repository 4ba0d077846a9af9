import { Public } from '@gatehouse/guards';
import {
  applyDecorators,
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { pageContexts } from './page-context.js';
import { PageContextService } from './page-context.service.js';
import { PageError, PageErrorFilter } from './page-error.filter.js';

const CrossSiteAllowed = Reflector.createDecorator<true>();

/**
 * Allows forms and links of other sites, for protocol endpoints where clients send users and that change nothing without a
 * further step. A parameter `ticket` of such a request is not a ticket of this server. Without this decorator, a handler
 * accepts only forms of this server's own pages.
 */
export const AllowCrossSite = (): MethodDecorator => CrossSiteAllowed(true);

/** Injects the {@link PageContext} of the request. */
export const CurrentPageContext = createParamDecorator((_: unknown, context: ExecutionContext) =>
  pageContexts.get(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** Creates the page context of a request, and rejects forms that are not from this server's pages (OWASP ASVS 3.5). */
@Injectable()
export class PagesGuard implements CanActivate {
  private readonly origin: string;

  constructor(
    private readonly contexts: PageContextService,
    private readonly reflector: Reflector,
    @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig,
  ) {
    this.origin = new URL(ISSUER).origin;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const allowsCrossSite = this.reflector.get(CrossSiteAllowed, context.getHandler()) ?? false;
    const pageContext = await this.contexts.create(request, { allowsTicket: !allowsCrossSite });
    pageContexts.set(request, pageContext);
    if (request.method !== 'POST' || allowsCrossSite) return true;
    const [path = ''] = request.url.split('?');
    if (this.isSameOrigin(request) && pageContext.hasValidFormToken(path)) return true;
    throw new PageError('foreignForm');
  }

  /** Browsers set these headers, and no script can change them. A request without them still needs a valid form token. */
  private isSameOrigin({ headers }: FastifyRequest): boolean {
    const { origin = this.origin, 'sec-fetch-site': site = 'same-origin' } = headers;
    return origin === this.origin && site === 'same-origin';
  }
}

/** Marks a controller whose handlers return pages: `renderPage()` or `seeOther()`. */
export const Pages = (): ClassDecorator =>
  applyDecorators(
    Public(),
    ApiExcludeController(),
    UseGuards(PagesGuard),
    UseFilters(PageErrorFilter),
  );
