import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { BrowserSession } from '../sessions/browser-session.entity.js';
import { BrowserSessionService } from '../sessions/browser-session.service.js';
import { SessionService, type SessionView } from '../sessions/session.service.js';
import { ClientRepository } from '../clients/client.repository.js';

/** Where somebody is logged in: a browser, or an application that no browser of these brought. */
export interface SignedInDevice {
  /** Of the browser session, or of the session at the client. */
  readonly id: string;
  readonly isCurrent: boolean;
  readonly userAgent: string | null;
  /** The network that the login came from. */
  readonly origin: string | null;
  readonly signedInAt: Date;
  readonly lastUsedAt: Date;
  /** What clients are called that are logged in there. */
  readonly applications: readonly string[];
}

/** A person's logins as they know them: by device. */
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

  /** Those that are alive: browsers first, this one ahead. */
  async list({ accountId, id: current }: BrowserSession): Promise<readonly SignedInDevice[]> {
    const browsers = await this.browserSessions.listActive(accountId);
    const sessions = await this.sessions.listActive(accountId);
    const names = await this.findClientNames(sessions);
    const isIn = ({ browserSessionId }: SessionView, { id }: { id: string }) =>
      browserSessionId === id;

    const inBrowsers = browsers.map((browser) => {
      const own = sessions.filter((session) => isIn(session, browser));
      const applications = new Set(own.map(({ clientId }) => names.get(clientId) ?? clientId));
      const { authenticatedAt: begunAt } = browser;
      return toSignedInDevice(
        { ...browser, signedInAt: begunAt },
        [...applications],
        browser.id === current,
      );
    });
    const others = sessions
      .filter((session) => !browsers.some((browser) => isIn(session, browser)))
      .map((session) => {
        const { clientId, createdAt: begunAt } = session;
        return toSignedInDevice(
          { ...session, signedInAt: begunAt },
          [names.get(clientId) ?? clientId],
          false,
        );
      });
    return [...inBrowsers.sort(compareCurrentFirst), ...others];
  }

  /** One that is not of this person is not there. */
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

const toSignedInDevice = (
  {
    id,
    userAgent,
    origin,
    signedInAt: begunAt,
    lastUsedAt,
  }: Omit<SignedInDevice, 'applications' | 'isCurrent'>,
  applications: readonly string[],
  isCurrent: boolean,
): SignedInDevice => ({
  id,
  userAgent,
  origin,
  signedInAt: begunAt,
  lastUsedAt,
  applications,
  isCurrent,
});
