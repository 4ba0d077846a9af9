import { CommandRunner, Option } from 'nest-commander';
import { UsageError } from './errors.js';

/** The type of Commander, which nest-commander bundles and does not export. */
type Command = Parameters<CommandRunner['setCommand']>[0];

/** Base class of all commands. */
export abstract class OpsCommand extends CommandRunner {
  /** Makes Commander throw instead of ending the process, so that `runOps` sets the exit code. */
  override setCommand(command: Command): this {
    command.exitOverride().allowExcessArguments(false);
    return super.setCommand(command);
  }

  @Option({ flags: '--json', description: 'print one JSON value only' })
  json(): boolean {
    return true;
  }
}

/** Base class of commands that change something. */
export abstract class ChangingCommand extends OpsCommand {
  @Option({ flags: '--dry-run', description: 'roll back, and print what would have changed' })
  dryRun(): boolean {
    return true;
  }
}

/** A command such as `ops keys`, which only groups subcommands. */
export abstract class CommandGroup extends CommandRunner {
  override setCommand(command: Command): this {
    command.exitOverride();
    return super.setCommand(command);
  }

  run([word]: string[]): Promise<void> {
    if (word !== undefined) throw new UsageError(`unknown command '${word}'\n\n${this.help}`);
    throw new UsageError(this.help);
  }

  private get help(): string {
    return this.command.helpInformation().trimEnd();
  }
}
