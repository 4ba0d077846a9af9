import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Exit, RunningCommand } from '../running-command.js';
import { createTemporaryFolder } from '../cleanup.js';

export interface Result {
  readonly exit: Exit;
  readonly stdout: string;
  readonly stderr: string;
}

/** One bash, to which blocks are given one after the other. It ends with the first command that fails. */
export class BashSession {
  private blocks = 0;

  private constructor(
    private readonly bash: RunningCommand,
    private readonly folder: string,
  ) {}

  static async open(env: Readonly<Record<string, string>>): Promise<BashSession> {
    const bash = RunningCommand.start({
      file: 'bash',
      arguments: ['--norc', '-eo', 'pipefail'],
      env,
    });
    return new BashSession(bash, await createTemporaryFolder());
  }

  /** A group rather than a subshell: what the block sets stays. */
  async run(block: string): Promise<Result> {
    const name = `block-${(this.blocks += 1)}`;
    const [stdout, stderr] = [join(this.folder, `${name}.out`), join(this.folder, `${name}.err`)];
    this.bash.write(
      `{\n${block}\n} >'${stdout}' 2>'${stderr}' </dev/null\necho '${name} is over'\n`,
    );
    const over = this.bash.waitForOutput(new RegExp(`^${name} is over$`, 'm'));
    const exit = await Promise.race([this.bash.exit, over.then(() => 0)]);
    return { exit, stdout: await readFile(stdout, 'utf8'), stderr: await readFile(stderr, 'utf8') };
  }
}
