import type { AppProcess } from './app-process.js';
import { RunningCommand } from './running-command.js';

/** Runs an operator's command. @returns its output @throws {Error} unless it exits with 0 */
export async function runOps(auth: AppProcess, parameters: readonly string[]): Promise<string> {
  const command = RunningCommand.start({
    file: process.execPath,
    arguments: ['apps/auth/dist/ops.js', ...parameters],
    env: auth.environment,
  });
  const exit = await command.exit;
  if (exit !== 0) throw new Error(`ops ${parameters.join(' ')}: ${exit}\n${command.output}`);
  return command.output;
}
