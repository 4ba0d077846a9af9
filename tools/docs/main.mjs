/**
 * `npm run docs:build` writes the documents that are generated from the code. `npm run docs:check` (`--check`) writes nothing
 * and fails when a document is wrong. Both read what `npm run build` wrote. An API change that breaks clients is not written
 * without `--accept-breaking "why"`, which goes to docs/api-changes.md.
 */
import { defineCommand, Failure } from '../terminal/command.mjs';
import { installPackages } from '../packages/main.mjs';
import { PACKAGE_FOLDERS } from '../workspace.mjs';
import { codeBlocksCheck } from './check-code-blocks.mjs';
import { contractsCheck, recordBreakingChanges } from './contracts.mjs';
import {
  alertLabelsCheck,
  guaranteesCheck,
  linksCheck,
  machinePathsCheck,
  tokenStatesCheck,
  versionsCheck,
} from './document-checks.mjs';
import { documents } from './documents.mjs';
import { generatedCheck, writeGeneratedDocuments } from './generated-documents.mjs';

/** @typedef {import('./documents.mjs').Document} Document */
/** @typedef {{ place: string, message: string }} Fault */

/**
 * `hint` says how to correct the faults.
 *
 * @typedef {{ title: string, hint: string, faults: (all: Document[]) => Fault[] | Promise<Fault[]> }} Check
 */

export const command = defineCommand({
  usage: `Usage: npm run docs:build [-- --accept-breaking "why"]   writes the generated documents
       npm run docs:check                                checks all documents`,
  options: {
    check: { type: 'boolean', default: false },
    'accept-breaking': { type: 'string' },
  },
  run: async ({ check, 'accept-breaking': reason }) => {
    for (const folder of PACKAGE_FOLDERS) await installPackages(folder);
    if (check) return runChecks();
    await recordBreakingChanges(reason);
    await writeGeneratedDocuments();
  },
});

/** @type {Check[]} */
const CHECKS = [
  generatedCheck,
  contractsCheck,
  linksCheck,
  codeBlocksCheck,
  guaranteesCheck,
  alertLabelsCheck,
  tokenStatesCheck,
  machinePathsCheck,
  versionsCheck,
];

/** @throws {Failure} with all faults of all checks */
async function runChecks() {
  const all = documents();
  const reports = [];
  for (const check of CHECKS) {
    const faults = await check.faults(all);
    process.stdout.write(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${check.title}\n`);
    if (faults.length > 0) reports.push(reportOf(check, faults));
  }
  if (reports.length > 0) throw new Failure(`\n${reports.join('\n\n')}`);
}

/** @param {Check} check @param {Fault[]} faults */
function reportOf({ title, hint }, faults) {
  const lines = faults.map(({ place, message }) => `  ${place}  ${message}`);
  return [`${title}: ${faults.length} wrong. ${hint}`, ...lines].join('\n');
}
