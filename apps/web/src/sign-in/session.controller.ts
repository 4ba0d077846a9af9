import { Controller, Get, Header, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SessionCookie } from '../sessions/session-cookie.js';
import { SessionService } from '../sessions/session.service.js';
import { SignOutService } from '../sign-out/sign-out.service.js';
import { isToolAllowed } from '../tokens/access-plan.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';

/** What the page may know of its session. It has no token. */
type SessionView = { readonly tool: string; readonly activity?: true } & (
  | { readonly signedIn: false }
  | {
      readonly signedIn: true;
      readonly name: string | undefined;
      readonly email: string | undefined;
      readonly scopes: readonly string[];
      /** Whether the user's roles open this tool. */
      readonly isAllowed: boolean;
      /** Where users see their sessions, change their password, and delete their account. */
      readonly accountUrl: string;
    }
);

@Controller()
export class SessionController {
  constructor(
    private readonly sessions: SessionService,
    private readonly cookie: SessionCookie,
    private readonly signOuts: SignOutService,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  @Get('session')
  @Header('cache-control', 'no-store')
  async show(@Req() { headers }: FastifyRequest): Promise<SessionView> {
    const { TOOL: tool, DEMO_ACTIVITY, AUTH_ISSUER } = this.config;
    const common = { tool, ...(DEMO_ACTIVITY && { activity: true as const }) };
    const session = await this.sessions.find(headers.cookie);
    if (!session) return { ...common, signedIn: false };
    const { name, email, accessTokens } = session.content;
    const scopes = Object.values(accessTokens).flatMap(({ scope }) => scope);
    const isAllowed = isToolAllowed(this.config, scopes);
    const accountUrl = `${AUTH_ISSUER}/account`;
    return { ...common, signedIn: true, name, email, scopes, isAllowed, accountUrl };
  }

  /** No ID token and no address of the authorization server passes through the browser. */
  @Post('sign-out')
  @HttpCode(204)
  @Header('cache-control', 'no-store')
  async signOut(
    @Req() { headers }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const session = await this.sessions.find(headers.cookie);
    if (session) await this.signOuts.end(session, 'browser');
    void reply.header('set-cookie', this.cookie.clear());
  }
}
