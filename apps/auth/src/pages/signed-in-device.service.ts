import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { ClientRepository } from '../clients/client.repository.js';
import type { BrowserSession } from '../sessions/browser-session.entity.js';
import { BrowserSessionService } from '../sessions/browser-session.service.js';
import { SessionService, type SessionView } from '../sessions/session.service.js';

/** A browser session with the sessions that started in it, or one session without a browser session. */
export interface SignedInDevice {
  /** Of the browser session, or of the session. */
  readonly id: string;
  /** Whether it is the browser session of the request. */
  readonly isCurrent: boolean;
  readonly userAgent: string | null;
  /** The network that the login came from. */
  readonly origin: string | null;
  readonly signedInAt: Date;
  readonly lastUsedAt: Date;
  /** Names of the clients that have a session here. */
  readonly applications: readonly string[];
}

/** Groups the user's active sessions by device, and revokes them. */
@Injectable()
export class SignedInDeviceService {
  constructor(
    private readonly browserSessions: BrowserSessionService,
    private readonly sessions: SessionService,
    private readonly clients: ClientRepository,
    private readonly clock: Clock,
  ) {}

  now(): number {
    return this.clock.now();
  }

  /** The current browser first, then other browsers, then sessions without a browser session. */
  async list({ accountId, id: currentId }: BrowserSession): Promise<readonly SignedInDevice[]> {
    const browsers = await this.browserSessions.listActive(accountId);
    const sessions = await this.sessions.listActive(accountId);
    const names = await this.findClientNames(sessions);
    const nameOf = ({ clientId }: SessionView) => names.get(clientId) ?? clientId;
    const isIn = ({ browserSessionId }: SessionView, { id }: { id: string }) =>
      browserSessionId === id;

    const inBrowsers = browsers.map((browser) => {
      const applications = sessions.filter((session) => isIn(session, browser)).map(nameOf);
      const login = { ...browser, signedInAt: browser.authenticatedAt, applications };
      return toSignedInDevice(login, browser.id === currentId);
    });
    const others = sessions
      .filter((session) => !browsers.some((browser) => isIn(session, browser)))
      .map((session) => {
        const login = {
          ...session,
          signedInAt: session.createdAt,
          applications: [nameOf(session)],
        };
        return toSignedInDevice(login, false);
      });
    return [...inBrowsers.sort(compareCurrentFirst), ...others];
  }

  /** Revokes a device of the same account; an id of another account has no effect. */
  async revoke({ accountId }: BrowserSession, id: string): Promise<void> {
    const browsers = await this.browserSessions.listActive(accountId);
    if (browsers.some((browser) => browser.id === id)) {
      await this.browserSessions.revoke(id, 'ended_by_owner');
    } else {
      await this.sessions.revoke(accountId, id, 'ended_by_owner');
    }
  }

  async revokeOthers({ accountId, id }: BrowserSession): Promise<void> {
    const kept = { kind: 'browser_session', id } as const;
    await this.sessions.revokeAllOfAccount(accountId, 'ended_by_owner', kept);
  }

  private async findClientNames(
    sessions: readonly SessionView[],
  ): Promise<ReadonlyMap<string, string>> {
    const ids = [...new Set(sessions.map(({ clientId }) => clientId))];
    const clients = await Promise.all(ids.map((id) => this.clients.findEnabled(id)));
    return new Map(ids.map((id, n) => [id, clients[n]?.name || id]));
  }
}

const compareCurrentFirst = (one: SignedInDevice, other: SignedInDevice): number =>
  Number(other.isCurrent) - Number(one.isCurrent);

/** Copies the shown members only, so that no secret of a session reaches a page. */
const toSignedInDevice = (
  {
    id,
    userAgent,
    origin,
    signedInAt,
    lastUsedAt,
    applications,
  }: Omit<SignedInDevice, 'isCurrent'>,
  isCurrent: boolean,
): SignedInDevice => ({
  id,
  isCurrent,
  userAgent,
  origin,
  signedInAt,
  lastUsedAt,
  applications: [...new Set(applications)],
});
