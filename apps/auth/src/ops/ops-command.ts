import { CommandRunner, Option } from 'nest-commander';
import { UsageError } from './errors.js';

/** Commander's, of which nest-commander brings its own. */
type Command = Parameters<CommandRunner['setCommand']>[0];

/** What every operation has. */
export abstract class OpsCommand extends CommandRunner {
  /** Commander would end the process by itself; here whoever runs the command decides (run-ops.ts). */
  override setCommand(command: Command): this {
    command.exitOverride().allowExcessArguments(false);
    return super.setCommand(command);
  }

  @Option({ flags: '--json', description: 'print one JSON value and nothing else' })
  json(): boolean {
    return true;
  }
}

/** An operation that changes something. */
export abstract class ChangingCommand extends OpsCommand {
  @Option({ flags: '--dry-run', description: 'do everything, keep nothing, and tell what it was' })
  dryRun(): boolean {
    return true;
  }
}

/** `ops keys`, which does nothing without another word. */
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
