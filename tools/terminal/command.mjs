import { parseArgs } from 'node:util';

/** @typedef {NonNullable<import('node:util').ParseArgsConfig['options']>} Options as `parseArgs` takes them */

/** An error that the user can correct. Its message is printed without a stack. */
export class Failure extends Error {}

/** Wrong options or arguments. The message is printed together with the usage. */
export class UsageError extends Failure {}

/**
 * @template {Options} O
 * @typedef {ReturnType<typeof parseArgs<{ options: O }>>['values']} Values
 */

/**
 * @template {Options} [O=any]
 * @typedef {object} Command
 * @property {string} usage printed by `--help`, and after a wrong option
 * @property {O} options
 * @property {boolean} [allowPositionals]
 * @property {boolean} [allowNegative]
 * @property {boolean} [passThrough] the arguments belong to another program: `run` gets all of them as positionals
 * @property {number} [usageExitCode] the exit code after a wrong option; 1 by default
 * @property {(values: Values<O>, positionals: string[]) => unknown} run
 */

/**
 * Infers the types of the option values for `run`.
 *
 * @template {Options} const O
 * @param {Command<O>} command
 */
export function defineCommand(command) {
  return command;
}

/**
 * Runs a command. The exit code is 1 when it fails, unless the command sets another one.
 *
 * @param {Command<any>} command
 * @param {string[]} args
 */
export async function runCommand(command, args) {
  try {
    if (command.passThrough) return void (await command.run({}, args));
    const { values, positionals } = parse(command, args);
    if (values.help) process.stdout.write(`${command.usage}\n`);
    else await command.run(values, positionals);
  } catch (error) {
    report(/** @type {Error} */ (error), command);
  }
}

/**
 * @param {Command<any>} command
 * @param {string[]} args
 */
function parse({ options, allowPositionals = false, allowNegative = false }, args) {
  const all = { ...options, help: { type: /** @type {const} */ ('boolean'), short: 'h' } };
  try {
    const parsed = parseArgs({ args, options: all, allowPositionals, allowNegative });
    return /** @type {{ values: Record<string, any>, positionals: string[] }} */ (parsed);
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message.split('. ')[0]);
  }
}

/**
 * @param {Error} error
 * @param {Command<any>} command
 */
function report(error, { usage, usageExitCode = 1 }) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage}\n`);
    process.exitCode = usageExitCode;
  } else {
    process.stderr.write(`${error instanceof Failure ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}
