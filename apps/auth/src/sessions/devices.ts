import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { BrowserSession } from '../browser-sessions/browser-session.entity.js';
import { BrowserSessions } from '../browser-sessions/browser-sessions.js';
import { Logouts } from '../browser-sessions/logouts.js';
import { Clients } from '../clients/clients.js';
import { Sessions, type SessionView } from './sessions.js';

/** Where somebody is logged in: a browser, or an application that no browser of these brought. */
export interface Device {
  /** Of the browser session, or of the session at the client. */
  readonly id: string;
  readonly isCurrent: boolean;
  readonly userAgent: string | null;
  /** The network that the login came from. */
  readonly origin: string | null;
  readonly begunAt: Date;
  readonly lastUsedAt: Date;
  /** What clients are called that are logged in there. */
  readonly applications: readonly string[];
}

/** A person's logins as they know them: by device. */
@Injectable()
export class Devices {
  constructor(
    private readonly browsers: BrowserSessions,
    private readonly sessions: Sessions,
    private readonly clients: Clients,
    private readonly logouts: Logouts,
    private readonly clock: Clock,
  ) {}

  now(): number {
    return this.clock.now();
  }

  /** Those that are alive: browsers first, this one ahead. */
  async of({ accountId, id: current }: BrowserSession): Promise<readonly Device[]> {
    const browsers = await this.browsers.of(accountId);
    const sessions = await this.sessions.of(accountId);
    const names = await this.namesOf(sessions);
    const isIn = ({ browserSessionId }: SessionView, { id }: { id: string }) =>
      browserSessionId === id;

    const inBrowsers = browsers.map((browser) => {
      const own = sessions.filter((session) => isIn(session, browser));
      const applications = new Set(own.map(({ clientId }) => names.get(clientId) ?? clientId));
      const { authenticatedAt: begunAt } = browser;
      return deviceOf({ ...browser, begunAt }, [...applications], browser.id === current);
    });
    const others = sessions
      .filter((session) => !browsers.some((browser) => isIn(session, browser)))
      .map((session) => {
        const { clientId, createdAt: begunAt } = session;
        return deviceOf({ ...session, begunAt }, [names.get(clientId) ?? clientId], false);
      });
    return [...inBrowsers.sort(currentFirst), ...others];
  }

  /** One that is not of this person is not there. */
  async end({ accountId }: BrowserSession, id: string): Promise<void> {
    const browsers = await this.browsers.of(accountId);
    if (browsers.some((browser) => browser.id === id)) {
      await this.browsers.end(id, 'ended_by_owner');
    } else {
      await this.sessions.end(accountId, id, 'ended_by_owner');
    }
  }

  async endOthers({ accountId, id: browserSession }: BrowserSession): Promise<void> {
    await this.logouts.ofAccount(accountId, 'ended_by_owner', { browserSession });
  }

  private async namesOf(sessions: readonly SessionView[]): Promise<ReadonlyMap<string, string>> {
    const ids = [...new Set(sessions.map(({ clientId }) => clientId))];
    const clients = await Promise.all(ids.map((id) => this.clients.find(id)));
    return new Map(ids.map((id, n) => [id, clients[n]?.name || id]));
  }
}

const currentFirst = (one: Device, other: Device): number =>
  Number(other.isCurrent) - Number(one.isCurrent);

const deviceOf = (
  { id, userAgent, origin, begunAt, lastUsedAt }: Omit<Device, 'applications' | 'isCurrent'>,
  applications: readonly string[],
  isCurrent: boolean,
): Device => ({ id, userAgent, origin, begunAt, lastUsedAt, applications, isCurrent });
