import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Command, Option, SubCommand } from 'nest-commander';
import { findPasswordFault } from '../accounts/password-policy.js';
import { email as emailAddress } from '../accounts/registration.schema.js';
import { AccountOperationsService } from '../sessions/account-operations.service.js';
import { storedClaims } from '../tokens/standard-claims.js';
import { OperationRefused, UsageError } from './errors.js';
import { requireAccount } from './lookups.js';
import {
  type ChangeOptions,
  OperationRunner,
  readFirstLine,
  TERMINAL,
  type Terminal,
} from './operation-runner.js';
import { ChangingCommand, CommandGroup } from './ops-command.js';
import { readJsonFile } from './option-parsers.js';
import { formatCount } from './table.js';

interface ClaimsOptions extends ChangeOptions {
  readonly jsonFile: string;
}

@SubCommand({
  name: 'set-claims',
  arguments: '<email-or-id>',
  description: 'what clients are told of a person, in place of all that they were told before',
})
export class SetAccountClaimsCommand extends ChangingCommand {
  constructor(private readonly operator: OperationRunner) {
    super();
  }

  async run([name = '']: string[], options: ClaimsOptions): Promise<void> {
    const claims = await readJsonFile(options.jsonFile, storedClaims);
    await this.operator.change(options, async (server) => {
      const { id, email } = await requireAccount(server, name);
      await server.get(AccountOperationsService).setClaims(id, claims, 'operator');
      return {
        value: { accountId: id, email, claims: Object.keys(claims) },
        text: `Of the account ${email} clients are told: ${Object.keys(claims).join(', ') || 'nothing'}.`,
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

/** Commands that set a password. It is never an argument: those stay in the history of the shell and in the list of processes. */
@Injectable()
abstract class PasswordCommand extends ChangingCommand {
  constructor(
    protected readonly operator: OperationRunner,
    @Inject(TERMINAL) private readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({
    flags: '--password-stdin',
    description: 'read it from standard input, first line; default: make one',
  })
  passwordStdin(): boolean {
    return true;
  }

  protected async readOrGeneratePassword({ passwordStdin = false }: PasswordOptions) {
    if (!passwordStdin) {
      const value = randomBytes(18).toString('base64url');
      return { value, shown: { secret: { name: 'password', value } } };
    }
    const value = await readFirstLine(this.terminal);
    checkPassword(value);
    return { value, shown: {} };
  }
}

/** @param owner e-mail of the account, where it is known already */
function checkPassword(password: string, owner?: string): void {
  const fault = findPasswordFault(password, owner);
  if (fault !== undefined) throw new UsageError(`the password ${fault}`);
}

@SubCommand({ name: 'create', arguments: '<email>', description: 'an account that can log in' })
export class CreateAccountCommand extends PasswordCommand {
  async run([name]: string[], options: PasswordOptions): Promise<void> {
    const { success, data: email } = emailAddress.safeParse(name);
    if (!success) throw new UsageError(`${name} is not an e-mail address`);
    const { value, shown } = await this.readOrGeneratePassword(options);
    checkPassword(value, email);
    await this.operator.change(options, async (server) => {
      const id = await server.get(AccountOperationsService).create(email, value, 'operator');
      if (id === undefined) throw new OperationRefused(`there is an account ${email} already`);
      return { value: { accountId: id, email }, text: `The account ${email} is ${id}.`, ...shown };
    });
  }
}

@SubCommand({
  name: 'reset-password',
  arguments: '<email-or-id>',
  description: 'another password; every session of the account ends',
})
export class ResetPasswordCommand extends PasswordCommand {
  async run([name = '']: string[], options: PasswordOptions): Promise<void> {
    const { value, shown } = await this.readOrGeneratePassword(options);
    await this.operator.change(options, async (server) => {
      const { id, email } = await requireAccount(server, name);
      checkPassword(value, email);
      const ended = await server
        .get(AccountOperationsService)
        .changePassword(id, value, { by: 'operator' });
      return {
        value: { accountId: id, email, ended },
        text: `The account ${email} has another password, and ${formatCount(ended, 'session')} ended.`,
        ...shown,
      };
    });
  }
}

@SubCommand({
  name: 'disable',
  arguments: '<email-or-id>',
  description: 'refuse its logins from now on, and end its sessions',
})
export class DisableAccountCommand extends ChangingCommand {
  constructor(private readonly operator: OperationRunner) {
    super();
  }

  run([name = '']: string[], options: ChangeOptions): Promise<void> {
    return this.operator.change(options, async (server) => {
      const { id, email } = await requireAccount(server, name);
      const disabled = await server.get(AccountOperationsService).disable(id, 'operator');
      if (!disabled) throw new OperationRefused(`the account ${email} is disabled already`);
      return {
        value: { accountId: id, email },
        text: `The account ${email} is disabled, and its sessions ended.`,
      };
    });
  }
}

export const ACCOUNT_COMMANDS = [
  CreateAccountCommand,
  SetAccountClaimsCommand,
  ResetPasswordCommand,
  DisableAccountCommand,
];

@Command({ name: 'accounts', description: 'people who can log in', subCommands: ACCOUNT_COMMANDS })
export class AccountsCommand extends CommandGroup {}
