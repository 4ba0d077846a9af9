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
import { visitorsOf } from './visitor-of.js';
import { Visitors } from './visitors.js';

const OpenToOtherSites = Reflector.createDecorator<true>();

/**
 * Other sites send people here, by link or form: the protocol says so, and what they cause is safe. What they call `ticket` is a
 * parameter that nobody knows. Without it, only pages of ours send forms.
 */
export const FromOtherSites = (): MethodDecorator => OpenToOtherSites(true);

/** Who looks at the page. */
export const CurrentVisitor = createParamDecorator((_: unknown, context: ExecutionContext) =>
  visitorsOf.get(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** Finds out who comes, and lets forms in that come from pages of ours only (OWASP ASVS 3.5). */
@Injectable()
export class PagesGuard implements CanActivate {
  private readonly origin: string;

  constructor(
    private readonly visitors: Visitors,
    private readonly reflector: Reflector,
    @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig,
  ) {
    this.origin = new URL(ISSUER).origin;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const isOpen = this.reflector.get(OpenToOtherSites, context.getHandler()) ?? false;
    const visitor = await this.visitors.of(request, { mayHaveTicket: !isOpen });
    visitorsOf.set(request, visitor);
    if (request.method !== 'POST' || isOpen) return true;
    const [path = ''] = request.url.split('?');
    if (this.isSentFromHere(request) && visitor.isOwnForm(path)) return true;
    throw new PageError('foreignForm');
  }

  /** Browsers say so, and no script can lie about it. Those that say nothing still need the token. */
  private isSentFromHere({ headers }: FastifyRequest): boolean {
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
