import { CommandFactory, CommandRunnerService } from 'nest-commander';
import { toErrorMessage, toExitCode } from './errors.js';
import type { OpenServer, Terminal } from './operation-runner.js';
import { OpsModule } from './ops.module.js';

/**
 * One operation, from the words on the command line to the exit code: 0 done, 1 refused or failed, 2 makes no sense.
 *
 * @param words without the program's own
 */
export async function runOps(
  words: readonly string[],
  terminal: Terminal,
  open: OpenServer,
): Promise<number> {
  let failure: unknown;
  const app = await CommandFactory.createWithoutRunning(OpsModule.forRoot(terminal, open), {
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
  const sentence = toErrorMessage(failure);
  if (sentence !== undefined) terminal.errors.write(`${sentence}\n`);
  return toExitCode(failure);
}

/** A kid is a thumbprint (RFC 7638), and one of 64 begins with a hyphen, as options do. */
const KID_LIKE_AN_OPTION = /^-[\w-]{42}$/;

function moveKidsLast(words: readonly string[]): readonly string[] {
  const kids = words.filter((word) => KID_LIKE_AN_OPTION.test(word));
  if (kids.length === 0 || words.includes('--')) return words;
  return [...words.filter((word) => !kids.includes(word)), '--', ...kids];
}
