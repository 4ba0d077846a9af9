import { describeCause, Problem } from '@gatehouse/service-kit';
import { Controller, Get, Inject, Logger, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GrantRejected } from '../authorization-server/authorization-errors.js';
import { SessionCookie } from '../sessions/session-cookie.js';
import { UpstreamUnavailable } from '../upstream/upstream.errors.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';
import { toReturnPath } from './return-path.js';
import { SignInAttempts } from './sign-in-attempts.js';
import { SignInService } from './sign-in.service.js';

const MAX_AGE = /^\d{1,5}$/;

/** The two navigations of a sign-in. Each answers with a redirect, because a person looks at it. */
@Controller()
export class SignInController {
  private readonly log = new Logger('SignIn');

  constructor(
    private readonly signIns: SignInService,
    private readonly attempts: SignInAttempts,
    private readonly cookie: SessionCookie,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  @Get('sign-in')
  async begin(
    @Req() { headers }: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query() { return_to: returnTo, max_age: maxAge }: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    if (maxAge !== undefined && !(typeof maxAge === 'string' && MAX_AGE.test(maxAge)))
      throw new Problem(400, { detail: 'max_age must be a number of seconds up to 99999.' });
    try {
      const { url, attempt } = await this.signIns.begin({
        returnTo: toReturnPath(returnTo, this.config.PUBLIC_URL),
        replaced: this.cookie.read(headers.cookie)?.secret,
        ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
      });
      redirect(reply, url, this.attempts.add(headers.cookie, attempt));
    } catch (error) {
      redirect(reply, this.describeFailure(error));
    }
  }

  @Get('callback')
  async complete(
    @Req() { headers, url }: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('state') state: unknown,
  ): Promise<void> {
    const attempt = this.attempts.find(headers.cookie, state);
    // Of another browser, too old, or used before.
    if (!attempt) return redirect(reply, '/?sign_in=expired');
    const clear = this.attempts.clear(attempt.state);
    try {
      const secret = await this.signIns.complete(url.slice('/callback'.length), attempt);
      redirect(reply, attempt.returnTo, [clear, this.cookie.write(secret)]);
    } catch (error) {
      redirect(reply, this.describeFailure(error), [clear]);
    }
  }

  /** The client shows a sentence for each value. The log has the cause. */
  private describeFailure(error: unknown): string {
    if (error instanceof UpstreamUnavailable) {
      this.log.warn(`no sign-in: ${describeCause(error)}`);
      return '/?sign_in=unavailable';
    }
    if (!(error instanceof GrantRejected)) throw error;
    if (error.code === 'access_denied') return '/?sign_in=denied';
    this.log.warn(`no sign-in: ${error.code} ${describeCause(error)}`);
    return '/?sign_in=failed';
  }
}

function redirect(reply: FastifyReply, location: string, cookies: readonly string[] = []): void {
  void reply.headers({ location, 'cache-control': 'no-store' }).code(303);
  if (cookies.length > 0) void reply.header('set-cookie', cookies);
  void reply.send();
}
