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
import { PageErrorFilter } from './page-error.filter.js';
import { PageError } from './page-error.js';
import { pageContexts } from './page-context.js';
import { PageContextService } from './page-context.service.js';

const CrossSiteAllowed = Reflector.createDecorator<true>();

/**
 * Other sites send people here, by link or form: the protocol says so, and what they cause is safe. What they call `ticket` is a
 * parameter that nobody knows. Without it, only pages of ours send forms.
 */
export const AllowCrossSite = (): MethodDecorator => CrossSiteAllowed(true);

/** Who looks at the page. */
export const CurrentPageContext = createParamDecorator((_: unknown, context: ExecutionContext) =>
  pageContexts.get(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** Finds out who comes, and lets forms in that come from pages of ours only (OWASP ASVS 3.5). */
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
    const isOpen = this.reflector.get(CrossSiteAllowed, context.getHandler()) ?? false;
    const visitor = await this.contexts.create(request, { mayHaveTicket: !isOpen });
    pageContexts.set(request, visitor);
    if (request.method !== 'POST' || isOpen) return true;
    const [path = ''] = request.url.split('?');
    if (this.isSameOrigin(request) && visitor.hasValidFormToken(path)) return true;
    throw new PageError('foreignForm');
  }

  /** Browsers say so, and no script can lie about it. Those that say nothing still need the token. */
  private isSameOrigin({ headers }: FastifyRequest): boolean {
    const { origin = this.origin, 'sec-fetch-site': site = 'same-origin' } = headers;
    return origin === this.origin && site === 'same-origin';
  }
}

/** A controller whose handlers return pages: `page()`, or `seeOther()`. */
export const Pages = (): ClassDecorator =>
  applyDecorators(
    Public(),
    ApiExcludeController(),
    UseGuards(PagesGuard),
    UseFilters(PageErrorFilter),
  );
