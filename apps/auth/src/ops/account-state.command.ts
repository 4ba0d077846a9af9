import { SubCommand } from 'nest-commander';
import { AccountErasureService } from '../sessions/account-erasure.service.js';
import { AccountOperationsService } from '../sessions/account-operations.service.js';
import { OperationRefused } from './errors.js';
import {
  type ChangeOptions,
  ChangingCommand,
  OperationRunner,
  requireAccount,
} from './operation-runner.js';

@SubCommand({
  name: 'disable',
  arguments: '<email-or-id>',
  description: 'reject all logins of the account, and end its sessions',
})
export class DisableAccountCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run([name = '']: string[], options: ChangeOptions): Promise<void> {
    return this.runner.change(options, async (server) => {
      const { id, email } = await requireAccount(server, name);
      const disabled = await server.get(AccountOperationsService).disable(id, 'operator');
      if (!disabled) throw new OperationRefused(`the account ${email} is disabled already`);
      return {
        value: { accountId: id, email },
        text: `The account ${email} is disabled, and its sessions are ended. To accept its logins again: accounts enable ${email}`,
      };
    });
  }
}

@SubCommand({
  name: 'enable',
  arguments: '<email-or-id>',
  description: 'accept logins of a disabled account again; its sessions stay ended',
})
export class EnableAccountCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run([name = '']: string[], options: ChangeOptions): Promise<void> {
    return this.runner.change(options, async (server) => {
      const { id, email } = await requireAccount(server, name);
      const enabled = await server.get(AccountOperationsService).enable(id, 'operator');
      if (!enabled) throw new OperationRefused(`the account ${email} is not disabled`);
      return {
        value: { accountId: id, email },
        text: `The account ${email} is enabled, and its user can log in again with the same password.`,
      };
    });
  }
}

@SubCommand({
  name: 'delete',
  arguments: '<email-or-id>',
  description: 'erase the personal data of an account for good, and end its sessions',
})
export class DeleteAccountCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run([name = '']: string[], options: ChangeOptions): Promise<void> {
    return this.runner.change(options, async (server) => {
      const { id, email } = await requireAccount(server, name);
      const erased = await server.get(AccountErasureService).erase(id, 'operator');
      if (!erased) throw new OperationRefused(`there is no account ${name}`);
      return {
        value: { accountId: id, email },
        text: `The account ${email} is deleted, and its sessions are ended. Resource servers may keep rows under its id ${id}.`,
      };
    });
  }
}

export const ACCOUNT_STATE_COMMANDS = [
  DisableAccountCommand,
  EnableAccountCommand,
  DeleteAccountCommand,
];
