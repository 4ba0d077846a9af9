import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanUpAfterTests } from './cleanup.js';
import { ROOT } from './workspace.js';

export interface Command {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The root of the repository by default. */
  readonly cwd?: string;
}
/** An exit code, or the signal that ended the process. */
export type Exit = number | NodeJS.Signals;

/**
 * A process with its output and exit. It runs in a separate process group, which is killed after the test file.
 */
export class RunningCommand {
  /** Resolves when the process has ended and its output is complete. */
  readonly exit: Promise<Exit>;
  private printed = '';
  private isComplete = false;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    this.exit = once(child, 'close').then(([code, signal]) => {
      this.isComplete = true;
      return code ?? signal;
    });
    const collect = (chunk: string) => void (this.printed += chunk);
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    // A write to an ended process fails; the exit tells the reason.
    child.stdin.on('error', () => undefined);
    cleanUpAfterTests(() => this.signal('SIGKILL'));
  }

  /**
   * Runs a line of shell. Its process group is killed when this process ends for any reason. Bash reads ~/.bashrc also for `-c`
   * when its standard input is a socket, as here.
   */
  static shell(line: string, env: Command['env']): RunningCommand {
    const parentWatch = 'exec 3<&0; (trap "" INT; cat <&3; kill -KILL 0) >/dev/null 2>&1 &';
    return RunningCommand.start({
      file: 'bash',
      arguments: ['--norc', '-c', `${parentWatch} exec ${line} </dev/null`],
      env,
    });
  }

  static start({ file, arguments: arguments_, env, cwd = ROOT }: Command): RunningCommand {
    return new RunningCommand(spawn(file, arguments_, { cwd, env, stdio: 'pipe', detached: true }));
  }

  /** Standard output and standard error in order of arrival. */
  get output(): string {
    return this.printed;
  }

  get isOver(): boolean {
    return this.isComplete;
  }

  /** @throws {Error} when the process ends, or 50 s pass, before its output matches */
  async waitForOutput(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + 50_000;
    for (;;) {
      const match = pattern.exec(this.printed);
      if (match) return match;
      if (this.isOver || Date.now() > deadline) {
        throw new Error(`${pattern} never appeared in:\n${this.printed}`);
      }
      await sleep(20);
    }
  }

  write(text: string): void {
    this.child.stdin.write(text);
  }

  /** Signals the whole group, as a terminal does for Ctrl-C. */
  signal(name: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid === undefined) return;
    try {
      // Windows has no process groups.
      process.kill(process.platform === 'win32' ? pid : -pid, name);
    } catch {
      // The process group is empty.
    }
  }
}
