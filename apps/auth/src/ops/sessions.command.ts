import { Clock } from '@gatehouse/service-kit';
import { Command, Option, SubCommand } from 'nest-commander';
import { Sessions, type SessionView } from '../sessions/sessions.js';
import { accountOf } from './account-of.js';
import { requireClient } from './client-of.js';
import { type ChangeOptions, type LookOptions, Operator, type Server } from './operator.js';
import { ChangingCommand, CommandGroup, OpsCommand } from './ops-command.js';
import { Misuse } from './refusal.js';
import { counted, fromNow, inUtc, table } from './table.js';

interface Whose {
  readonly account?: string;
  readonly client?: string;
}

@SubCommand({
  name: 'list',
  description: 'the sessions of an account that are alive, newest first',
})
export class ListSessions extends OpsCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  run(_: string[], { account: name, json }: LookOptions & Required<Whose>): Promise<void> {
    return this.operator.look({ json }, async (server) => {
      const account = await accountOf(server, name);
      const sessions = await server.get(Sessions).of(account.id);
      return { value: sessions, text: tableOf(sessions, server.get(Clock).now()) };
    });
  }

  @Option({ flags: '--account <email-or-id>', description: 'whose', required: true })
  account(text: string): string {
    return text;
  }
}

function tableOf(sessions: readonly SessionView[], now: number): string {
  return table(
    ['SESSION', 'CLIENT', 'FROM', 'BEGUN', 'LAST USED', 'ENDS', 'DEVICE'],
    sessions.map(({ id, clientId, origin, userAgent, createdAt, lastUsedAt, endsAt }) => [
      id,
      clientId,
      origin,
      inUtc(createdAt),
      fromNow(lastUsedAt, now),
      fromNow(endsAt, now),
      userAgent,
    ]),
  );
}

@SubCommand({ name: 'end', description: 'end all sessions of an account or of a client' })
export class EndSessions extends ChangingCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  async run(_: string[], { account, client, ...options }: ChangeOptions & Whose): Promise<void> {
    if ((account === undefined) === (client === undefined)) {
      throw new Misuse('whose sessions? Give --account or --client, one of the two');
    }
    await this.operator.change(options, async (server) => {
      const whose =
        account === undefined ? await ofClient(server, client) : await ofAccount(server, account);
      const ended = await server.get(Sessions).endAll(whose, 'ended_by_operator');
      return { value: { ended }, text: `${counted(ended, 'session')} ended.` };
    });
  }

  @Option({ flags: '--account <email-or-id>', description: 'those of this account' })
  account(text: string): string {
    return text;
  }

  @Option({ flags: '--client <id>', description: 'those that this client holds' })
  client(text: string): string {
    return text;
  }
}

const ofAccount = async (server: Server, name: string) => ({
  accountId: (await accountOf(server, name)).id,
});

async function ofClient(server: Server, clientId = '') {
  await requireClient(server, clientId);
  return { clientId };
}

export const SESSION_COMMANDS = [ListSessions, EndSessions];

@Command({ name: 'sessions', description: 'logins and their ends', subCommands: SESSION_COMMANDS })
export class SessionsCommand extends CommandGroup {}
