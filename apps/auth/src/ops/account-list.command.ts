import { Clock } from '@gatehouse/service-kit';
import { Option, SubCommand } from 'nest-commander';
import type { Account } from '../accounts/account.entity.js';
import { AccountRepository } from '../accounts/account.repository.js';
import { AccountRoleRepository } from '../accounts/account-role.repository.js';
import { BrowserSessionService } from '../sessions/browser-session.service.js';
import { AuthorizedClientService } from '../sessions/consent.service.js';
import { SessionService } from '../sessions/session.service.js';
import { UsageError } from './errors.js';
import {
  OperationRunner,
  OpsCommand,
  type ReadOptions,
  type Server,
  requireAccount,
} from './operation-runner.js';
import { parseNaturalNumber } from './option-parsers.js';
import { formatFields, formatRelativeTime, formatTable, formatUtc } from './table.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000;

interface ListOptions extends ReadOptions {
  readonly emailPrefix?: string;
  readonly after?: string;
  readonly limit?: number;
}

/** The properties of an account that an operator may see. The password hash is none of them. */
async function toView({ id, email, createdAt, lastLoginAt, disabledAt }: Account, server: Server) {
  const roles = await server.get(AccountRoleRepository).findRoles(id);
  return { accountId: id, email, roles, createdAt, lastLoginAt, disabledAt };
}
type AccountView = Awaited<ReturnType<typeof toView>>;

const describeState = ({ disabledAt }: AccountView): string =>
  disabledAt ? 'disabled' : 'enabled';

@SubCommand({ name: 'list', description: 'list accounts in the order of their e-mail addresses' })
export class ListAccountsCommand extends OpsCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  async run(_: string[], options: ListOptions): Promise<void> {
    const { emailPrefix, after, limit = DEFAULT_LIMIT } = options;
    const query = { emailPrefix: emailPrefix?.toLowerCase(), after: after?.toLowerCase(), limit };
    let next: string | undefined;
    await this.runner.read(options, async (server) => {
      const found = await server.get(AccountRepository).findPage({ ...query, limit: limit + 1 });
      const accounts: AccountView[] = [];
      for (const account of found.slice(0, limit)) accounts.push(await toView(account, server));
      if (found.length > limit) next = accounts.at(-1)?.email;
      return { value: accounts, text: formatAccounts(accounts, server.get(Clock).now()) };
    });
    if (next !== undefined) this.runner.printNotice(`There are more accounts: --after ${next}`);
  }

  @Option({
    flags: '--email-prefix <text>',
    description: 'only addresses that begin with the text',
  })
  emailPrefix(text: string): string {
    return text;
  }

  @Option({ flags: '--after <email>', description: 'only addresses that come later in the order' })
  after(text: string): string {
    return text;
  }

  @Option({ flags: '--limit <count>', description: `at most so many; default ${DEFAULT_LIMIT}` })
  limit(text: string): number {
    const limit = parseNaturalNumber(text, MAX_LIMIT);
    if (limit === 0) throw new UsageError('the limit is at least 1');
    return limit;
  }
}

const formatAccounts = (accounts: readonly AccountView[], now: number): string =>
  formatTable(
    ['ACCOUNT', 'STATE', 'LAST LOGIN', 'ROLES', 'E-MAIL'],
    accounts.map((account) => [
      account.accountId,
      describeState(account),
      account.lastLoginAt && formatRelativeTime(account.lastLoginAt, now),
      account.roles.join(' '),
      account.email,
    ]),
  );

@SubCommand({
  name: 'show',
  arguments: '<email-or-id>',
  description: 'show the state, claims, roles, sessions and clients of an account',
})
export class ShowAccountCommand extends OpsCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run([name = '']: string[], options: ReadOptions): Promise<void> {
    return this.runner.read(options, async (server) => {
      const account = await requireAccount(server, name);
      const view = await toView(account, server);
      const value = {
        ...view,
        claims: JSON.parse(account.claims) as Readonly<Record<string, unknown>>,
        sessions: (await server.get(SessionService).listActive(account.id)).length,
        browserSessions: (await server.get(BrowserSessionService).listActive(account.id)).length,
        clients: await server.get(AuthorizedClientService).list(account.id),
      };
      return { value, text: formatAccount(value) };
    });
  }
}

interface AccountDetails extends AccountView {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly sessions: number;
  readonly browserSessions: number;
  readonly clients: readonly { readonly clientId: string }[];
}

const formatAccount = (account: AccountDetails): string =>
  formatFields({
    account: account.accountId,
    'e-mail': account.email,
    state: describeState(account),
    roles: account.roles.join(' '),
    created: formatUtc(account.createdAt),
    'last login': account.lastLoginAt && formatUtc(account.lastLoginAt),
    disabled: account.disabledAt && formatUtc(account.disabledAt),
    claims: Object.keys(account.claims).join(' '),
    sessions: String(account.sessions),
    'browser sessions': String(account.browserSessions),
    clients: account.clients.map(({ clientId }) => clientId).join(' '),
  });

export const ACCOUNT_READ_COMMANDS = [ListAccountsCommand, ShowAccountCommand];
