import { randomBytes } from 'node:crypto';
import { Inject } from '@nestjs/common';
import { Command, SubCommand } from 'nest-commander';
import { CommandGroup, OperationRunner, OpsCommand, type ReadOptions } from './operation-runner.js';

// Commands for the time before a server starts. They do not open its services.

/** Applies pending migrations and returns the names of all applied migrations. */
export type RunMigrations = () => Promise<readonly string[]>;
export const RUN_MIGRATIONS = Symbol('RUN_MIGRATIONS');

@Command({
  name: 'migrate',
  description: 'apply pending database migrations; run it before a new version starts',
})
export class MigrateCommand extends OpsCommand {
  constructor(
    private readonly runner: OperationRunner,
    @Inject(RUN_MIGRATIONS) private readonly runMigrations: RunMigrations,
  ) {
    super();
  }

  async run(_: string[], { json }: ReadOptions): Promise<void> {
    const migrations = await this.runMigrations();
    this.runner.print({ value: { migrations }, text: `auth: ${migrations.join(', ')}` }, { json });
  }
}

const ROTATION_STEPS = `This is a new server secret. It is not stored and not in use.

To rotate the secret without logging users out, deploy each step to all processes before the next step:
  1. SERVER_SECRET=<old>,<new>   all processes accept the new secret
  2. SERVER_SECRET=<new>,<old>   signing keys move within seconds, refresh tokens at their next use
  3. SERVER_SECRET=<new>         after the longest REFRESH_IDLE_TTL, or at once if the old secret was stolen
`;

@SubCommand({ name: 'new', description: 'print a new server secret' })
export class NewSecretCommand extends OpsCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  /** Prints the steps to standard error, because standard output may be piped into the file for the secret. */
  run(_: string[], { json = false }: ReadOptions): Promise<void> {
    const serverSecret = randomBytes(32).toString('base64url');
    if (!json) this.runner.printNotice(ROTATION_STEPS);
    this.runner.print({ value: { serverSecret }, text: serverSecret }, { json });
    return Promise.resolve();
  }
}

export const SECRET_COMMANDS = [NewSecretCommand];

@Command({ name: 'secrets', description: 'the server secret', subCommands: SECRET_COMMANDS })
export class SecretsCommand extends CommandGroup {}
