/**
 * `npm run guards:doctor -- <path>`: reads a Nest service without running it, and reports what its authentication accepts or
 * leaves open. The exit code is 1 when there is an error.
 */
import { relative, resolve, sep } from 'node:path';
import { defineCommand, UsageError } from '../terminal/command.mjs';
import { coloursFor } from '../terminal/output.mjs';
import { readApplication } from './application.mjs';
import { checkHandlers } from './handler-rules.mjs';
import { checkPassport } from './passport-rules.mjs';
import { fill, RULES } from './rules.mjs';
import { readSources } from './sources.mjs';
import { checkTokens } from './token-rules.mjs';

/** @typedef {{ severity: import('./rules.mjs').Severity, text: string, advice: string }} Rule */

const COLOURS = { error: 'red', warning: 'yellow', note: 'cyan' };

export const command = defineCommand({
  usage: `Reads a Nest service and reports faults of its authentication, with file and line. It runs no code of the service.

  npm run guards:doctor -- <path to your service>

In a monorepo, give the folder of one app. Exit code: 0 no error; 1 an error; 2 the service was not read.`,
  options: {},
  allowPositionals: true,
  usageExitCode: 2,
  run: (_options, positionals) => {
    if (positionals.length !== 1) throw new UsageError('Give the path of your service.');
    // npm runs scripts in the root of the workspace. INIT_CWD is the folder of the caller.
    const counts = print(resolve(process.env.INIT_CWD ?? '.', positionals[0]));
    process.exitCode = counts.error > 0 ? 1 : 0;
  },
});

/** Prints the findings, grouped by file. @param {string} folder */
function print(folder, stream = process.stdout) {
  const application = readApplication(readSources(folder.split(sep).join('/')));
  const findings = [checkPassport, checkTokens, checkHandlers]
    .flatMap((check) => check(application))
    .map(({ node, ...rest }) => ({ ...rest, ...placeOf(node, folder) }))
    .sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
  const paint = coloursFor(stream);
  const counts = { error: 0, warning: 0, note: 0 };
  let last = '';
  for (const { file, line, rule, words } of findings) {
    const { severity, text, advice } = /** @type {Rule} */ (RULES.get(rule));
    if (file !== last) stream.write(`${paint('bold', file)}\n`);
    const label = `${paint(COLOURS[severity], severity)} ${rule}`;
    stream.write(`  ${file}:${line}  ${label}  ${fill(text, words)}  → ${fill(advice, words)}\n`);
    counts[severity] += 1;
    last = file;
  }
  const sums = Object.entries(counts).map(([name, sum]) => `${sum} ${name}${sum === 1 ? '' : 's'}`);
  stream.write(`${sums.join(', ')}\n`);
  return counts;
}

/** @param {import('typescript').Node} node @param {string} folder */
function placeOf(node, folder) {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  return { file: relative(folder, source.fileName), line: line + 1 };
}
