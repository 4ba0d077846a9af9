import { parseArgs } from 'node:util';
import { Failure, runTool } from './failure.mjs';

/**
 * Runs a command with its options. `--help` is answered with the usage, and so is what the command does not know.
 *
 * @param {{ usage: string } & import('node:util').ParseArgsConfig} command
 * @param {(values: object, positionals: string[]) => unknown} main
 */
export function runCommand({ usage, options, ...more }, main) {
  return runTool(() => {
    const known = { ...options, help: { type: 'boolean', short: 'h', default: false } };
    const { values, positionals } = parsed({ ...more, options: known }, usage);
    return values.help ? process.stdout.write(`${usage}\n`) : main(values, positionals);
  });
}

function parsed(config, usage) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new Failure(`${error.message.split('. ')[0]}\n\n${usage}`);
  }
}
