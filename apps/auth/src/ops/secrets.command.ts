import { randomBytes } from 'node:crypto';
import { Command, SubCommand } from 'nest-commander';
import { type LookOptions, Operator } from './operator.js';
import { CommandGroup, OpsCommand } from './ops-command.js';

const ADVICE = `A fresh server secret. Nothing knows it yet, and it is stored nowhere.

To change the secret, put it before the old one, apart by a comma, for all replicas:
  SERVER_SECRET=<new>,<old>
Signing keys move under the new one within seconds, refresh tokens with their next use. Take the
old one off the list when REFRESH_ABSOLUTE_TTL has passed, or at once if it was stolen.
`;

@SubCommand({ name: 'new', description: 'print a fresh server secret' })
export class NewSecret extends OpsCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  /** The advice may not be piped into a file that is to hold the secret. */
  run(_: string[], { json = false }: LookOptions): Promise<void> {
    const serverSecret = randomBytes(32).toString('base64url');
    if (!json) this.operator.advise(ADVICE);
    this.operator.say({ value: { serverSecret }, text: serverSecret }, { json });
    return Promise.resolve();
  }
}

export const SECRET_COMMANDS = [NewSecret];

@Command({ name: 'secrets', description: 'the server secret', subCommands: SECRET_COMMANDS })
export class SecretsCommand extends CommandGroup {}
