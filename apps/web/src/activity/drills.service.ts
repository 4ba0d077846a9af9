import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { GrantRejected } from '../authorization-server/authorization-errors.js';
import { AuthorizationServerClient } from '../authorization-server/authorization-server.client.js';
import type { OpenSession } from '../sessions/session.service.js';
import { RefreshService } from '../tokens/refresh.service.js';
import { UpstreamUnavailable } from '../upstream/upstream.errors.js';
import type { RequestOrigin } from '../upstream/upstream-observer.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';
import { ActivityLog, type DrillName } from './activity-log.js';
import { type DrillRequest, DrillServers, readKeyId } from './drill-servers.js';

const MAX_RUNNING = 5;
const SECOND = 1000;
/** A replica of auth reads changed keys within five seconds (docs/flows/key-rotation.md). */
const NEW_KEY_ATTEMPTS = 6;
/** `npm start` shortens the time for which auth publishes a key before it signs. */
const MAX_WAIT_MS = 60 * SECOND;

/** One run of a drill. */
interface Run {
  readonly session: OpenSession;
  readonly origin: RequestOrigin;
  readonly step: (name: string, until?: number) => void;
}

/** Runs the drills in the background. Their steps and requests are entries of the activity log. */
@Injectable()
export class DrillsService implements OnApplicationShutdown {
  private readonly logger = new Logger('Drills');
  private readonly running = new Set<string>();
  private readonly stopping = new AbortController();
  private readonly drills: Readonly<Record<DrillName, (run: Run) => Promise<void>>> = {
    replay: (run) => this.replay(run),
    'end-session': (run) => this.endSession(run),
    'rotate-keys': (run) => this.rotateKeys(run),
    'wrong-audience': (run) => this.sendToWrongAudience(run),
    'stop-auth': (run) => this.stopAuth(run),
  };

  constructor(
    private readonly refreshes: RefreshService,
    private readonly authorizationServer: AuthorizationServerClient,
    private readonly servers: DrillServers,
    private readonly log: ActivityLog,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  onApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** @returns false while another drill of the session runs */
  start(drill: DrillName, session: OpenSession, clickId: string | undefined): boolean {
    const sessionId = session.key.id;
    if (this.running.has(sessionId) || this.running.size >= MAX_RUNNING) return false;
    this.running.add(sessionId);
    const origin = { sessionId, clickId };
    const step = (name: string, until?: number) =>
      this.log.record(origin, { kind: 'drill', drill, step: name, until });
    step('started');
    void this.drills[drill]({ session, origin, step })
      .catch((error: unknown) => {
        // A message may quote an answer of another server.
        const reason = error instanceof Error ? error.name : 'unknown';
        if (!this.stopping.signal.aborted) this.logger.warn(`${drill} ended early: ${reason}`);
        step('unavailable');
      })
      .finally(() => this.running.delete(sessionId));
    return true;
  }

  private async replay(run: Run): Promise<void> {
    const stolen = run.session.content.refreshToken;
    const seen = new Set([stolen]);
    let { session } = run;
    // The previous token would get its successor again (docs/flows/refresh.md), so it takes two refreshes.
    for (let count = 0; count < 6 && seen.size < 3; count += 1) {
      session = await this.refresh(session, run.origin);
      seen.add(session.content.refreshToken);
    }
    run.step((await this.isRefused(stolen, run.origin)) ? 'refused' : 'accepted');
  }

  private async isRefused(refreshToken: string, origin: RequestOrigin): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.authorizationServer.refresh(refreshToken, this.config.ORDERS_RESOURCE, origin);
        return false;
      } catch (error) {
        if (error instanceof GrantRejected) return true;
        // Auth cannot decide yet whether the request came before the rotation.
        if (!(error instanceof UpstreamUnavailable) || attempt > 2) throw error;
        await this.pause(SECOND);
      }
    }
  }

  private async endSession(run: Run): Promise<void> {
    const fresh = await this.refresh(run.session, run.origin);
    const session = await this.refresh(fresh, run.origin, this.config.AUTH_ISSUER);
    const path = `/auth/sessions/${encodeURIComponent(session.sid)}`;
    const token = session.content.accessTokens[this.config.AUTH_ISSUER]?.accessToken ?? '';
    const ended = await this.send(run, { target: 'auth', method: 'DELETE', path, token });
    if (ended !== 204) throw new Error('auth did not end the session');
    run.step('ended');
    for (let seconds = 0; seconds < 20; seconds += 1) {
      const status = await this.send(run, ordersRequest(this.ordersToken(session)));
      if (status === 401) return run.step('refused');
      await this.pause(SECOND);
    }
    run.step('accepted');
  }

  private async rotateKeys(run: Run): Promise<void> {
    const before = await this.refresh(run.session, run.origin);
    const old = this.ordersToken(before);
    let notBefore = await this.requestRotation();
    if (notBefore > Date.now() + MAX_WAIT_MS) return run.step('early', notBefore);
    while (notBefore > 0) {
      run.step('waiting', notBefore);
      await this.pause(Math.max(SECOND, notBefore - Date.now()));
      notBefore = await this.requestRotation();
    }
    run.step('activated');
    let session = before;
    for (let count = 0; count < NEW_KEY_ATTEMPTS; count += 1) {
      session = await this.refresh(session, run.origin);
      if (readKeyId(this.ordersToken(session)) !== readKeyId(old)) break;
      await this.pause(SECOND);
    }
    const answers = [
      await this.send(run, ordersRequest(old)),
      await this.send(run, ordersRequest(this.ordersToken(session))),
    ];
    run.step(answers.includes(401) ? 'refused' : 'accepted');
  }

  /** @returns 0 when the next key signs, otherwise when it may: epoch milliseconds */
  private async requestRotation(): Promise<number> {
    const { isDone, notBefore = '' } = await this.servers.control('rotate-keys');
    return isDone ? 0 : Date.parse(notBefore) + SECOND;
  }

  private async sendToWrongAudience(run: Run): Promise<void> {
    const session = await this.refresh(run.session, run.origin);
    const token = this.ordersToken(session);
    const status = await this.send(run, { target: 'billing', path: '/invoices', token });
    if (status === undefined) throw new Error('billing did not answer');
    run.step(status === 401 ? 'refused' : 'accepted');
  }

  private async stopAuth(run: Run): Promise<void> {
    const session = await this.refresh(run.session, run.origin);
    const { seconds = 0 } = await this.servers.control('stop-auth');
    run.step('stopped', Date.now() + seconds * SECOND);
    for (let count = 0; count < 20; count += 1) {
      await this.send(run, ordersRequest(this.ordersToken(session)));
      const auth = await this.send(run, { target: 'auth', path: '/health/ready' });
      if (auth === 200) return run.step('back');
      await this.pause(3 * SECOND);
    }
    throw new Error('auth did not come back');
  }

  /** Refreshes also when the access token would last, so that a drill has a token with its whole lifetime. */
  private refresh(
    session: OpenSession,
    origin: RequestOrigin,
    resource = this.config.ORDERS_RESOURCE,
  ): Promise<OpenSession> {
    const old = session.content.accessTokens[resource]?.accessToken;
    return this.refreshes.refresh(session, {
      resource,
      origin,
      isUsable: (token) => token !== undefined && token.accessToken !== old,
    });
  }

  private ordersToken({ content }: OpenSession): string {
    return content.accessTokens[this.config.ORDERS_RESOURCE]?.accessToken ?? '';
  }

  private async send({ origin }: Run, request: DrillRequest): Promise<number | undefined> {
    const facts = await this.servers.send(request);
    this.log.record(origin, facts);
    return facts.status;
  }

  private pause(milliseconds: number): Promise<void> {
    return sleep(milliseconds, undefined, { signal: this.stopping.signal });
  }
}

const ordersRequest = (token: string): DrillRequest => ({
  target: 'orders',
  path: '/orders',
  token,
});
