import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Command, Option, SubCommand } from 'nest-commander';
import { AccountOperations } from '../accounts/account-operations.js';
import { passwordFault } from '../accounts/password-policy.js';
import { email as emailAddress } from '../accounts/registration.js';
import { accountOf } from './account-of.js';
import { type ChangeOptions, Operator } from './operator.js';
import { ChangingCommand, CommandGroup } from './ops-command.js';
import { SetAccountClaims } from './set-account-claims.command.js';
import { Misuse, Refusal } from './refusal.js';
import { counted } from './table.js';
import { firstLine, TERMINAL, type Terminal } from './terminal.js';

interface PasswordOptions extends ChangeOptions {
  readonly passwordStdin?: boolean;
}

/** Commands that set a password. It is never an argument: those stay in the history of the shell and in the list of processes. */
@Injectable()
abstract class PasswordCommand extends ChangingCommand {
  constructor(
    protected readonly operator: Operator,
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

  protected async password({ passwordStdin = false }: PasswordOptions) {
    if (!passwordStdin) {
      const value = randomBytes(18).toString('base64url');
      return { value, shown: { secret: { name: 'password', value } } };
    }
    const value = await firstLine(this.terminal);
    refuseUnfit(value);
    return { value, shown: {} };
  }
}

/** @param owner e-mail of the account, where it is known already */
function refuseUnfit(password: string, owner?: string): void {
  const fault = passwordFault(password, owner);
  if (fault !== undefined) throw new Misuse(`the password ${fault}`);
}

@SubCommand({ name: 'create', arguments: '<email>', description: 'an account that can log in' })
export class CreateAccount extends PasswordCommand {
  async run([name]: string[], options: PasswordOptions): Promise<void> {
    const { success, data: email } = emailAddress.safeParse(name);
    if (!success) throw new Misuse(`${name} is not an e-mail address`);
    const { value, shown } = await this.password(options);
    refuseUnfit(value, email);
    await this.operator.change(options, async (server) => {
      const id = await server.get(AccountOperations).create(email, value, 'operator');
      if (id === undefined) throw new Refusal(`there is an account ${email} already`);
      return { value: { accountId: id, email }, text: `The account ${email} is ${id}.`, ...shown };
    });
  }
}

@SubCommand({
  name: 'reset-password',
  arguments: '<email-or-id>',
  description: 'another password; every session of the account ends',
})
export class ResetPassword extends PasswordCommand {
  async run([name = '']: string[], options: PasswordOptions): Promise<void> {
    const { value, shown } = await this.password(options);
    await this.operator.change(options, async (server) => {
      const { id, email } = await accountOf(server, name);
      refuseUnfit(value, email);
      const ended = await server
        .get(AccountOperations)
        .changePassword(id, value, { by: 'operator' });
      return {
        value: { accountId: id, email, ended },
        text: `The account ${email} has another password, and ${counted(ended, 'session')} ended.`,
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
export class DisableAccount extends ChangingCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  run([name = '']: string[], options: ChangeOptions): Promise<void> {
    return this.operator.change(options, async (server) => {
      const { id, email } = await accountOf(server, name);
      const disabled = await server.get(AccountOperations).disable(id, 'operator');
      if (!disabled) throw new Refusal(`the account ${email} is disabled already`);
      return {
        value: { accountId: id, email },
        text: `The account ${email} is disabled, and its sessions ended.`,
      };
    });
  }
}

export const ACCOUNT_COMMANDS = [CreateAccount, SetAccountClaims, ResetPassword, DisableAccount];

@Command({ name: 'accounts', description: 'people who can log in', subCommands: ACCOUNT_COMMANDS })
export class AccountsCommand extends CommandGroup {}
