import { posix } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure } from '../terminal/failure.mjs';

export const HELP = `Copies the guards and their tests into a Nest service, and says what to install and what to write there.

  npm run guards:copy -- <path to your service>

  --to FOLDER   where in the service the library goes (default: src/guards); its tests go
                to test/guards, beside src
  --all         GraphQL, WebSockets and microservices too, whether or not the service uses them
  --no-tests    the library and TestIssuer alone
  --dry-run     copies nothing, and says what it would do
  --force       overwrites what is there; files that are not the library's stay
  --help        this text
`;

/**
 * @typedef {{ service: string, to: string, all: boolean, tests: boolean, dryRun: boolean, force: boolean }} CopyOptions
 * @returns {CopyOptions | { help: true }}
 * @throws {Failure}
 */
export function readOptions(args) {
  const { values, positionals } = parse(args);
  if (values.help) return { help: true };
  if (positionals.length !== 1) {
    throw new Failure('Where is your service?\n\n  npm run guards:copy -- <path to your service>');
  }
  const { to, all, tests, force, 'dry-run': dryRun } = values;
  return { service: positionals[0], to: folderWithin(to), all, tests, dryRun, force };
}

function folderWithin(text) {
  const folder = posix.join(text.replaceAll('\\', '/'), '.');
  if (folder !== '.' && !/^(?:\/|\.\.|\w:)/.test(folder)) return folder;
  throw new Failure(`--to must be a folder within the service, such as src/guards, not "${text}".`);
}

function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      allowNegative: true,
      options: {
        to: { type: 'string', default: 'src/guards' },
        all: { type: 'boolean', default: false },
        tests: { type: 'boolean', default: true },
        'dry-run': { type: 'boolean', default: false },
        force: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new Failure(`${error.message}\nSee: npm run guards:copy -- --help`);
  }
}
