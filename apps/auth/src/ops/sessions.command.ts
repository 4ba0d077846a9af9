import { Clock } from '@gatehouse/service-kit';
import { Command, Option, SubCommand } from 'nest-commander';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { describeDevice } from '../platform/notifications/message.js';
import { AccountTransactionService } from '../sessions/account-transaction.service.js';
import type { BrowserSession } from '../sessions/browser-session.entity.js';
import { BrowserSessionService } from '../sessions/browser-session.service.js';
import { SessionService, type SessionView } from '../sessions/session.service.js';
import {
  type ChangeOptions,
  ChangingCommand,
  CommandGroup,
  OperationRunner,
  OpsCommand,
  type ReadOptions,
  type Server,
  requireAccount,
  requireClient,
} from './operation-runner.js';
import { UsageError } from './errors.js';
import { formatCount, formatRelativeTime, formatTable, TERMINAL_WIDTH } from './table.js';

interface SessionOwnerOptions {
  readonly account?: string;
  readonly client?: string;
}

@SubCommand({
  name: 'list',
  description: 'list the active browser sessions of an account, and its sessions at clients',
})
export class ListSessionsCommand extends OpsCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run(
    _: string[],
    { account: name, json }: ReadOptions & Required<SessionOwnerOptions>,
  ): Promise<void> {
    return this.runner.read({ json }, async (server) => {
      const { id } = await requireAccount(server, name);
      const sessions = await listSessions(server, id);
      return { value: sessions, text: formatSessions(sessions, server.get(Clock).now()) };
    });
  }

  @Option({ flags: '--account <email-or-id>', description: 'account', required: true })
  account(text: string): string {
    return text;
  }
}

/** A session at a client, or a browser session, which has no client. */
type ListedSession = Omit<SessionView, 'clientId'> & {
  readonly kind: 'session' | 'browser_session';
  readonly clientId: string | null;
};

/** Each browser session, followed by the sessions that were created in it; then the other sessions. The account page groups them so, too. */
async function listSessions(server: Server, accountId: string): Promise<readonly ListedSession[]> {
  const { BROWSER_SESSION_IDLE_TTL: idle } = server.get<AuthConfig>(AUTH_CONFIG);
  const found = await server.get(BrowserSessionService).listActive(accountId);
  const browsers = found.map((session) => toListedBrowserSession(session, idle * 1000));
  const sessions = (await server.get(SessionService).listActive(accountId)).map(
    (session): ListedSession => ({ kind: 'session', ...session }),
  );
  const inBrowser = (id: string) => sessions.filter((each) => each.browserSessionId === id);
  const others = sessions.filter(
    (each) => !browsers.some(({ id }) => id === each.browserSessionId),
  );
  return [...browsers.flatMap((browser) => [browser, ...inBrowser(browser.id)]), ...others];
}

/** Copies the shown members only, because the session has the hash of its secret. */
const toListedBrowserSession = (
  { id, userAgent, origin, createdAt, lastUsedAt, absoluteExpiresAt }: BrowserSession,
  idleMs: number,
): ListedSession => ({
  kind: 'browser_session',
  ...{ id, clientId: null, browserSessionId: id, userAgent, origin, createdAt, lastUsedAt },
  endsAt: new Date(Math.min(absoluteExpiresAt.getTime(), lastUsedAt.getTime() + idleMs)),
});

function formatSessions(sessions: readonly ListedSession[], now: number): string {
  return formatTable(
    ['SESSION', 'CLIENT', 'FROM', 'LAST USED', 'ENDS', 'DEVICE'],
    sessions.map(({ id, clientId, origin, userAgent, lastUsedAt, endsAt }) => [
      id,
      clientId ?? '(browser session)',
      origin,
      formatRelativeTime(lastUsedAt, now),
      formatRelativeTime(endsAt, now),
      userAgent && describeDevice(userAgent),
    ]),
    TERMINAL_WIDTH,
  );
}

@SubCommand({ name: 'end', description: 'end all sessions of an account or of a client' })
export class EndSessionsCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  async run(
    _: string[],
    { account, client, ...options }: ChangeOptions & SessionOwnerOptions,
  ): Promise<void> {
    if ((account === undefined) === (client === undefined)) {
      throw new UsageError('give either --account or --client');
    }
    await this.runner.change(options, async (server) => {
      const { sessions, browserSessions } =
        account === undefined
          ? await revokeOfClient(server, client)
          : await revokeOfAccount(server, account);
      const browsers =
        account === undefined ? '' : ` and ${formatCount(browserSessions, 'browser session')}`;
      return {
        value: { ended: sessions + browserSessions, sessions, browserSessions },
        text: `${formatCount(sessions, 'session')}${browsers} ended.`,
      };
    });
  }

  @Option({ flags: '--account <email-or-id>', description: 'end the sessions of this account' })
  account(text: string): string {
    return text;
  }

  @Option({ flags: '--client <id>', description: 'end the sessions of this client' })
  client(text: string): string {
    return text;
  }
}

interface EndedSessions {
  readonly sessions: number;
  readonly browserSessions: number;
}

async function revokeOfAccount(server: Server, name: string): Promise<EndedSessions> {
  const { id } = await requireAccount(server, name);
  // The lock of the account: a login at the same time either is counted, or comes later.
  return server.get(AccountTransactionService).run(id, async () => {
    const browsers = await server.get(BrowserSessionService).listActive(id);
    const sessions = await server.get(SessionService).revokeAllOfAccount(id, 'ended_by_operator');
    return { sessions, browserSessions: browsers.length };
  });
}

async function revokeOfClient(server: Server, clientId = ''): Promise<EndedSessions> {
  await requireClient(server, clientId);
  const sessions = await server
    .get(SessionService)
    .revokeAllOfClient(clientId, 'ended_by_operator');
  return { sessions, browserSessions: 0 };
}

export const SESSION_COMMANDS = [ListSessionsCommand, EndSessionsCommand];

@Command({ name: 'sessions', description: 'sessions of users', subCommands: SESSION_COMMANDS })
export class SessionsCommand extends CommandGroup {}
