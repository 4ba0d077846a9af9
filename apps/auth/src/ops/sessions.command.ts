import { Clock } from '@gatehouse/service-kit';
import { Command, Option, SubCommand } from 'nest-commander';
import { SessionService, type SessionView } from '../sessions/session.service.js';
import { requireAccount, requireClient } from './lookups.js';
import {
  type ChangeOptions,
  ChangingCommand,
  CommandGroup,
  OperationRunner,
  OpsCommand,
  type ReadOptions,
  type Server,
} from './operation-runner.js';
import { UsageError } from './errors.js';
import { formatCount, formatRelativeTime, formatTable, formatUtc } from './table.js';

interface SessionOwnerOptions {
  readonly account?: string;
  readonly client?: string;
}

@SubCommand({
  name: 'list',
  description: 'list the active sessions of an account, newest first',
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
      const account = await requireAccount(server, name);
      const sessions = await server.get(SessionService).listActive(account.id);
      return { value: sessions, text: formatSessions(sessions, server.get(Clock).now()) };
    });
  }

  @Option({ flags: '--account <email-or-id>', description: 'account', required: true })
  account(text: string): string {
    return text;
  }
}

function formatSessions(sessions: readonly SessionView[], now: number): string {
  return formatTable(
    ['SESSION', 'CLIENT', 'FROM', 'BEGUN', 'LAST USED', 'ENDS', 'DEVICE'],
    sessions.map(({ id, clientId, origin, userAgent, createdAt, lastUsedAt, endsAt }) => [
      id,
      clientId,
      origin,
      formatUtc(createdAt),
      formatRelativeTime(lastUsedAt, now),
      formatRelativeTime(endsAt, now),
      userAgent,
    ]),
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
      const ended =
        account === undefined
          ? await revokeOfClient(server, client)
          : await revokeOfAccount(server, account);
      return { value: { ended }, text: `${formatCount(ended, 'session')} ended.` };
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

async function revokeOfAccount(server: Server, name: string): Promise<number> {
  const { id } = await requireAccount(server, name);
  return server.get(SessionService).revokeAllOfAccount(id, 'ended_by_operator');
}

async function revokeOfClient(server: Server, clientId = ''): Promise<number> {
  await requireClient(server, clientId);
  return server.get(SessionService).revokeAllOfClient(clientId, 'ended_by_operator');
}

export const SESSION_COMMANDS = [ListSessionsCommand, EndSessionsCommand];

@Command({ name: 'sessions', description: 'sessions of users', subCommands: SESSION_COMMANDS })
export class SessionsCommand extends CommandGroup {}
