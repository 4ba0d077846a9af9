import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Command, Option, SubCommand } from 'nest-commander';
import { findPasswordFault } from '../accounts/password-policy.js';
import { email as emailAddress } from '../accounts/email-address.js';
import { AccountOperationsService } from '../sessions/account-operations.service.js';
import { storedClaims } from '../tokens/standard-claims.js';
import { ACCOUNT_ACCESS_COMMANDS } from './account-access.command.js';
import { ACCOUNT_READ_COMMANDS } from './account-list.command.js';
import { ACCOUNT_STATE_COMMANDS } from './account-state.command.js';
import { OperationRefused, UsageError } from './errors.js';
import {
  type ChangeOptions,
  ChangingCommand,
  CommandGroup,
  OperationRunner,
  readFirstLine,
  TERMINAL,
  type Terminal,
  requireAccount,
} from './operation-runner.js';
import { readJsonFile } from './option-parsers.js';
import { formatCount } from './table.js';

interface ClaimsOptions extends ChangeOptions {
  readonly jsonFile: string;
}

@SubCommand({
  name: 'set-claims',
  arguments: '<email-or-id>',
  description: 'replace the standard claims that clients receive about an account',
})
export class SetAccountClaimsCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  async run([name = '']: string[], options: ClaimsOptions): Promise<void> {
    const claims = await readJsonFile(options.jsonFile, storedClaims);
    await this.runner.change(options, async (server) => {
      const { id, email } = await requireAccount(server, name);
      const isChanged = await server
        .get(AccountOperationsService)
        .setClaims(id, claims, 'operator');
      if (!isChanged) throw new OperationRefused(`there is no account ${name}`);
      return {
        value: { accountId: id, email, claims: Object.keys(claims) },
        text: `Clients receive these claims about the account ${email}: ${Object.keys(claims).join(', ') || 'none'}.`,
      };
    });
  }

  @Option({
    flags: '--json-file <file>',
    description: 'standard claims of OpenID Connect Core §5.1, as one JSON object',
    required: true,
  })
  jsonFile(file: string): string {
    return file;
  }
}

interface PasswordOptions extends ChangeOptions {
  readonly passwordStdin?: boolean;
}

/** Commands that set a password. The password is never an argument, because the shell history and the process list show arguments. */
@Injectable()
abstract class PasswordCommand extends ChangingCommand {
  constructor(
    protected readonly runner: OperationRunner,
    @Inject(TERMINAL) private readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({
    flags: '--password-stdin',
    description: 'read the password from the first line of standard input; default: generate one',
  })
  passwordStdin(): boolean {
    return true;
  }

  protected async readOrGeneratePassword({ passwordStdin = false }: PasswordOptions) {
    if (!passwordStdin) {
      const value = randomBytes(18).toString('base64url');
      const purpose = 'Give it to the owner of the account.';
      const show = (email: string) => ({
        secret: { name: 'password', value, labels: { 'e-mail': email, password: value }, purpose },
      });
      return { value, show };
    }
    const value = await readFirstLine(this.terminal);
    checkPassword(value);
    return { value, show: () => ({}) };
  }
}

/** @param owner e-mail address of the account, if it is known already */
function checkPassword(password: string, owner?: string): void {
  const fault = findPasswordFault(password, owner);
  if (fault !== undefined) throw new UsageError(`the password ${fault}`);
}

interface CreateOptions extends PasswordOptions {
  readonly emailVerified?: boolean;
}

@SubCommand({ name: 'create', arguments: '<email>', description: 'create an account' })
export class CreateAccountCommand extends PasswordCommand {
  async run([name]: string[], options: CreateOptions): Promise<void> {
    const { success, data: email } = emailAddress.safeParse(name);
    if (!success) throw new UsageError(`${name} is not an e-mail address`);
    const { value, show } = await this.readOrGeneratePassword(options);
    checkPassword(value, email);
    await this.runner.change(options, async (server) => {
      const claims = options.emailVerified && { claims: { email_verified: true } };
      const account = { email, password: value, ...claims };
      const id = await server.get(AccountOperationsService).create(account, 'operator');
      if (id === undefined) throw new OperationRefused(`the account ${email} exists already`);
      // A dry run discards its id, and the account would get another one.
      const accountId = options.dryRun ? {} : { accountId: id };
      const text = options.dryRun
        ? `The account ${email} is created.`
        : `The account ${email} is created with the id ${id}.`;
      return { value: { ...accountId, email }, text, ...show(email) };
    });
  }

  @Option({
    flags: '--email-verified',
    description: 'clients receive email_verified: true; default: false',
  })
  emailVerified(): boolean {
    return true;
  }
}

@SubCommand({
  name: 'verify-email',
  arguments: '<email-or-id>',
  description: 'record that the e-mail address belongs to the person: email_verified is true',
})
export class VerifyEmailCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run([name = '']: string[], options: ChangeOptions): Promise<void> {
    return this.runner.change(options, async (server) => {
      const { id, email } = await requireAccount(server, name);
      if (!(await server.get(AccountOperationsService).verifyEmail(id, 'operator'))) {
        throw new OperationRefused(
          `the e-mail address of the account ${email} is verified already`,
        );
      }
      return {
        value: { accountId: id, email },
        text: `Clients receive email_verified: true about the account ${email}.`,
      };
    });
  }
}

@SubCommand({
  name: 'reset-password',
  arguments: '<email-or-id>',
  description: 'set another password, and end all sessions of the account',
})
export class ResetPasswordCommand extends PasswordCommand {
  async run([name = '']: string[], options: PasswordOptions): Promise<void> {
    const { value, show } = await this.readOrGeneratePassword(options);
    await this.runner.change(options, async (server) => {
      const { id, email } = await requireAccount(server, name);
      checkPassword(value, email);
      const ended = await server
        .get(AccountOperationsService)
        .changePassword(id, value, { by: 'operator' });
      return {
        value: { accountId: id, email, ended },
        text: `The account ${email} has another password, and ${formatCount(ended, 'session')} ended.`,
        ...show(email),
      };
    });
  }
}

export const ACCOUNT_COMMANDS = [
  ...ACCOUNT_READ_COMMANDS,
  CreateAccountCommand,
  SetAccountClaimsCommand,
  VerifyEmailCommand,
  ResetPasswordCommand,
  ...ACCOUNT_STATE_COMMANDS,
  ...ACCOUNT_ACCESS_COMMANDS,
];

@Command({ name: 'accounts', description: 'accounts of users', subCommands: ACCOUNT_COMMANDS })
export class AccountsCommand extends CommandGroup {}
