import { Inject } from '@nestjs/common';
import { Command } from 'nest-commander';
import { OperationRunner, OpsCommand, type ReadOptions } from './operation-runner.js';

/** Applies pending migrations and returns the names of all applied migrations. */
export type RunMigrations = () => Promise<readonly string[]>;
export const RUN_MIGRATIONS = Symbol('RUN_MIGRATIONS');

/** It does not open the services of the server, because the tables may not exist yet. */
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
