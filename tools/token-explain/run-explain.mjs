import { text } from 'node:stream/consumers';
import { withProgress } from '../terminal/progress.mjs';
import { build } from '../stack/build.mjs';
import { Misuse, readArguments, USAGE } from './arguments.mjs';
import { guardsOptionsOf } from './configuration.mjs';
import { Report } from './report.mjs';

const EXIT = { accepted: 0, refused: 1, misuse: 2 };

/** @returns {Promise<number>} the exit code */
export async function runExplain(args, env) {
  try {
    return await explain(readArguments(args), env);
  } catch (error) {
    if (!(error instanceof Misuse) && error.name !== 'GuardsConfigurationError') throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    return EXIT.misuse;
  }
}

async function explain({ help, builds, token: given, app, guards, offline }, env) {
  if (help) {
    process.stdout.write(`${USAGE}\n`);
    return EXIT.accepted;
  }
  const token = await readToken(given);
  if (builds) await buildQuietly(app ?? 'guards');
  const options = guards || (await guardsOptionsOf(app, env));
  const { explainToken } = await import(besideTheLibrary('explain/index.js'));
  const explanation = await explainToken(token, options, { offline });

  const report = new Report(process.stdout);
  report.begin({ app, options });
  report.token(explanation);
  report.findings(explanation.findings);
  report.verdict(explanation.verdict, explanation.findings);
  const accepted = explanation.verdict && !explanation.verdict.reason;
  return accepted ? EXIT.accepted : EXIT.refused;
}

/** @throws {Misuse} when there is none */
async function readToken(given) {
  if (given === '-' && process.stdin.isTTY) process.stderr.write('Paste the token, then Ctrl-D:\n');
  const token = (given === '-' ? await text(process.stdin) : given).trim();
  if (token === '') throw new Misuse('There is no token to explain.');
  return token.replace(/^bearer +/i, '');
}

/** Not among the exports of the library: nobody else should explain tokens to strangers. */
function besideTheLibrary(path) {
  return new URL(path, import.meta.resolve('@gatehouse/guards')).href;
}

/** On standard error, so that what is explained can be piped. */
function buildQuietly(project) {
  const line = { stream: process.stderr, doing: 'Building', done: 'Built' };
  return withProgress(line, () => build([project]));
}
