import { CommandFactory, CommandRunnerService } from 'nest-commander';
import { toErrorMessage, toExitCode } from './errors.js';
import type { Terminal } from './operation-runner.js';
import { type OpsBackend, OpsModule } from './ops.module.js';

/**
 * Runs one command.
 *
 * @param words the arguments of the command line
 * @returns the exit code: 0 done, 1 refused or failed, 2 wrong usage
 */
export async function runOps(
  words: readonly string[],
  terminal: Terminal,
  backend: OpsBackend,
): Promise<number> {
  let failure: unknown;
  const app = await CommandFactory.createWithoutRunning(OpsModule.forRoot(terminal, backend), {
    logger: false,
    abortOnError: false,
    cliName: 'ops',
    errorHandler: (error) => {
      throw error;
    },
    serviceErrorHandler: (error) => {
      failure = error;
    },
    outputConfiguration: {
      writeOut: (text) => terminal.output.write(text),
      writeErr: (text) => terminal.errors.write(text),
    },
  });
  await app.get(CommandRunnerService).run(['node', 'ops', ...moveKidsLast(words)]);
  await app.close();
  if (failure === undefined) return 0;
  const message = toErrorMessage(failure);
  if (message !== undefined) terminal.errors.write(`${message}\n`);
  return toExitCode(failure);
}

/** A kid is a thumbprint (RFC 7638). One of 64 kids begins with a hyphen, as options do. */
const KID_LIKE_AN_OPTION = /^-[\w-]{42}$/;

function moveKidsLast(words: readonly string[]): readonly string[] {
  const kids = words.filter((word) => KID_LIKE_AN_OPTION.test(word));
  if (kids.length === 0 || words.includes('--')) return words;
  return [...words.filter((word) => !kids.includes(word)), '--', ...kids];
}
