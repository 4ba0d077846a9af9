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
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import type { LimitName } from '../platform/default-rate-limits.js';
import { describeNetwork } from '../platform/network.js';
import { enforceQuota, RateLimitService } from '../platform/rate-limit.service.js';
import { AcceptsFrom } from '../platform/request-source.guard.js';
import { findPageUrl } from './error-page.js';
import { InteractionService, markSession } from './interaction.service.js';
import { findIssuerRedirect } from './issuer-redirect.js';
import { type PageContext, pageContexts, readTextField } from './page-context.js';
import { PageContextService } from './page-context.service.js';
import { PageError, PageErrorFilter, PageRedirect } from './page-error.filter.js';
import { buildContinueUrl, buildPageUrl } from './page.js';

/**
 * Allows forms and links of other sites, for protocol endpoints where clients send users and that change nothing without a
 * further step. A parameter `ticket` of such a request is not a ticket of this server. Without this decorator, a handler
 * accepts only forms of this server's own pages.
 */
export const AllowCrossSite = (): MethodDecorator => AcceptsFrom('any page');

/**
 * Each request counts for the browser session, and for the network only without one. So other users of a network cannot use up the
 * quota of users who are signed in.
 */
export const PageQuota = Reflector.createDecorator<LimitName>();

/** Injects the {@link PageContext} of the request. */
export const CurrentPageContext = createParamDecorator((_: unknown, context: ExecutionContext) =>
  pageContexts.get(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** The pages that ask the user something for an authorization request. */
const INTERACTION_PAGES: readonly string[] = ['/login', '/register', '/consent', '/select-account'];
/** Pages on which the user types an e-mail. They have a meaning also for a user who is signed in. */
const LOGIN_PAGES: readonly string[] = ['/login', '/register'];

/**
 * Creates the page context of a request, and rejects forms that are not from this server's pages (OWASP ASVS 3.5). A page that
 * was opened before the session of the browser changed leads to the next step instead of an error.
 */
@Injectable()
export class PagesGuard implements CanActivate {
  constructor(
    private readonly contexts: PageContextService,
    private readonly interactions: InteractionService,
    private readonly reflector: Reflector,
    private readonly limits: RateLimitService,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const moved = findIssuerRedirect(request, this.config);
    if (moved) throw new PageRedirect(moved.location, [moved.cookie]);
    const allowsCrossSite = this.reflector.get(AcceptsFrom, context.getHandler()) === 'any page';
    const pageContext = await this.contexts.create(request, { allowsTicket: !allowsCrossSite });
    pageContexts.set(request, pageContext);
    await this.count(context, pageContext);
    if (allowsCrossSite) return true;
    if (request.method === 'POST') checkForm(request, pageContext);
    else this.checkDecision(request, pageContext);
    return true;
  }

  /** @throws {TooManyRequests} */
  private async count(context: ExecutionContext, page: PageContext): Promise<void> {
    const targets = [context.getHandler(), context.getClass()];
    const name: LimitName | undefined = this.reflector.getAllAndOverride(PageQuota, targets);
    if (name === undefined) return;
    const { browserSession: session } = page;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = session ? `browser session ${session.id}` : describeSender(request);
    const state = await this.limits.consume(name, { kind: 'anonymous', key });
    enforceQuota(context.switchToHttp().getResponse<FastifyReply>(), state);
  }

  /** @throws {PageRedirect} if the session changed since the authorization request was judged: it is judged again */
  private checkDecision({ url, query }: FastifyRequest, context: PageContext): void {
    const { interaction, browserSession: session } = context;
    const path = readPath(url);
    if (!interaction || !INTERACTION_PAGES.includes(path)) return;
    if (!this.interactions.isOutdated(interaction, session)) return;
    // The user registered another account in this session, and signs in to it now.
    const hasRegistered = readTextField(query, 'registered') === markSession(session);
    const asksForLogin = hasRegistered || this.interactions.needsNewLogin(interaction, session);
    if (LOGIN_PAGES.includes(path) && asksForLogin) return;
    throw new PageRedirect(buildContinueUrl(context, context.ticket));
  }
}

/**
 * A page of another site can load or prefetch any number of documents, without the cookies of this server. They count apart, so
 * that such a page cannot use up the quota of its visitors' network.
 */
function describeSender({ ip, headers }: FastifyRequest): string {
  const { 'sec-fetch-dest': destination = 'document', 'sec-fetch-site': site } = headers;
  const isNavigation = destination === 'document' && headers['sec-purpose'] === undefined;
  const isForeignFrame = site === 'cross-site' && !isNavigation;
  return isForeignFrame ? `frames in ${describeNetwork(ip)}` : describeNetwork(ip);
}

const readPath = (url: string): string => url.split('?')[0] ?? '';

/**
 * @throws {PageRedirect} for a form that was opened in another session of this browser; the form has no effect
 * @throws {PageError} `foreignForm`
 */
function checkForm({ url, method, body, headers }: FastifyRequest, context: PageContext): void {
  const state = context.checkFormToken(readPath(url));
  if (state === 'valid') return;
  if (state === 'foreign' && !isOwnOutdatedForm(headers, context))
    throw new PageError('foreignForm');
  const { base, interaction, ticket } = context;
  if (interaction) throw new PageRedirect(buildContinueUrl(context, ticket));
  const page = findPageUrl({ method, url, body });
  const parameters = page === '/oauth/logout' ? readLogoutParameters(body) : {};
  throw new PageRedirect(buildPageUrl(page, { base, ticket: undefined }, parameters));
}

/**
 * Two tabs that open their first page at the same time get two cookies, and the browser keeps one. The browser says that the
 * form is from this server; another value of `Origin` was refused before. Without any cookie, the user must read the reason.
 */
const isOwnOutdatedForm = (
  { origin, 'sec-fetch-site': site }: FastifyRequest['headers'],
  { cookies }: PageContext,
): boolean =>
  cookies.length === 0 && (site === 'same-origin' || (origin !== undefined && origin !== 'null'));

/** The logout page validates them again. */
const readLogoutParameters = (body: unknown) => ({
  client_id: readTextField(body, 'client_id'),
  post_logout_redirect_uri: readTextField(body, 'post_logout_redirect_uri'),
  state: readTextField(body, 'state'),
});

/** Marks a controller whose handlers return pages: `renderPage()` or `seeOther()`. */
export const Pages = (): ClassDecorator =>
  applyDecorators(
    Public(),
    ApiExcludeController(),
    AcceptsFrom('own pages'),
    UseGuards(PagesGuard),
    UseFilters(PageErrorFilter),
  );
