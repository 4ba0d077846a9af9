import { randomBytes } from 'node:crypto';
import { Command, SubCommand } from 'nest-commander';
import { type ReadOptions, OperationRunner } from './operation-runner.js';
import { CommandGroup, OpsCommand } from './ops-command.js';

const ROTATION_STEPS = `A fresh server secret. Nothing knows it yet, and it is stored nowhere.

To change the secret while nobody is logged out, let each step reach every process before the next:
  1. SERVER_SECRET=<old>,<new>   every process can check what the new one will mint
  2. SERVER_SECRET=<new>,<old>   signing keys move within seconds, refresh tokens with their next use
  3. SERVER_SECRET=<new>         after the longest REFRESH_IDLE_TTL, or at once if the old one was stolen
`;

@SubCommand({ name: 'new', description: 'print a fresh server secret' })
export class NewSecretCommand extends OpsCommand {
  constructor(private readonly operator: OperationRunner) {
    super();
  }

  /** The advice may not be piped into a file that is to hold the secret. */
  run(_: string[], { json = false }: ReadOptions): Promise<void> {
    const serverSecret = randomBytes(32).toString('base64url');
    if (!json) this.operator.printNotice(ROTATION_STEPS);
    this.operator.print({ value: { serverSecret }, text: serverSecret }, { json });
    return Promise.resolve();
  }
}

export const SECRET_COMMANDS = [NewSecretCommand];

@Command({ name: 'secrets', description: 'the server secret', subCommands: SECRET_COMMANDS })
export class SecretsCommand extends CommandGroup {}
