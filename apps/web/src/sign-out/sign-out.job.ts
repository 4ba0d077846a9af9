import { Scheduler } from '@gatehouse/persistence';
import { describeCause } from '@gatehouse/service-kit';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { z } from 'zod';
import { isSessionOver } from '../authorization-server/authorization-errors.js';
import { AuthorizationServerClient } from '../authorization-server/authorization-server.client.js';
import { Sealer } from '../sessions/sealer.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';
import { type PendingSignOut, SignOutRepository } from './sign-out.repository.js';

const signOut = z.object({
  refreshToken: z.string(),
  sid: z.string(),
  /** The whole browser at the authorization server, or the one session that a new sign-in has replaced. */
  ends: z.enum(['browser', 'session']),
});
export type SignOut = Readonly<z.infer<typeof signOut>>;

const BATCH_SIZE = 10;

/** Tells the authorization server of each sign-out, from server to server, until it has answered. */
@Injectable()
export class SignOutJob implements OnModuleInit {
  private readonly log = new Logger('SignOut');

  constructor(
    private readonly signOuts: SignOutRepository,
    private readonly authorizationServer: AuthorizationServerClient,
    private readonly sealer: Sealer,
    private readonly scheduler: Scheduler,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  onModuleInit(): void {
    this.scheduler.add({
      name: `sign-outs-${this.config.TOOL}`,
      everySeconds: 0.25,
      // A write of this process ends the pause, so only the rows of a process that died wait for it.
      maxIdleSeconds: Math.max(60, this.config.IDLE_POLL_SECONDS),
      runsOn: 'lease holder',
      hasWork: () => this.signOuts.outbox.hasDue(),
      run: () => this.deliverDue(),
    });
  }

  /** Takes part in the transaction that deletes the session. Without the session's cookie, only the server's secret opens it. */
  async add(id: string, content: SignOut): Promise<void> {
    await this.signOuts.add(id, this.seal(id, content));
  }

  /** @returns whether there may be more */
  async deliverDue(): Promise<boolean> {
    const claimed = await this.signOuts.outbox.claimDue(BATCH_SIZE);
    await Promise.all(claimed.map((each) => this.deliver(each)));
    return claimed.length === BATCH_SIZE;
  }

  private async deliver({ id, payload, attempts }: PendingSignOut): Promise<void> {
    const { data } = signOut.safeParse(this.sealer.open(payload, bindTo(id)));
    try {
      // The secret that sealed it is gone, so no later attempt can succeed.
      if (data) await this.end(id, data);
    } catch (error) {
      if (!isSessionOver(error)) {
        if (attempts === 1) this.log.warn(`a sign-out waits: ${describeCause(error)}`);
        return this.signOuts.outbox.retryLater(id, attempts);
      }
    }
    await this.signOuts.outbox.delete(id);
  }

  private async end(id: string, content: SignOut): Promise<void> {
    const { refreshToken, sid, ends } = content;
    if (ends === 'session') return this.authorizationServer.revoke(refreshToken);
    const tokens = await this.authorizationServer.refresh(refreshToken, this.config.AUTH_ISSUER);
    const successor = tokens.refresh_token ?? refreshToken;
    await this.signOuts.update(id, this.seal(id, { ...content, refreshToken: successor }));
    await this.authorizationServer.endSession(tokens.access_token, sid);
  }

  private seal(id: string, content: SignOut): string {
    return this.sealer.seal(content, bindTo(id));
  }
}

const bindTo = (id: string) => ({ purpose: 'sign-out', context: id }) as const;
