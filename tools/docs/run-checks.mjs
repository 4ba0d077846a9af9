import { Failure } from '../terminal/failure.mjs';
import { codeBlocks } from './check-code-blocks.mjs';
import { contracts } from './check-contracts.mjs';
import { guarantees } from './check-guarantees.mjs';
import { links } from './check-links.mjs';
import { machinePaths } from './check-machine-paths.mjs';
import { readingPaths } from './check-reading-paths.mjs';
import { tokenStates } from './check-token-states.mjs';
import { documents } from './documents.mjs';
import { generated } from './generated-documents.mjs';

/**
 * What is checked. `faults` gives everything that is wrong, each with its place; `mend` says what to do about it.
 *
 * @typedef {{ place: string, says: string }} Fault
 * @typedef {{ title: string, mend: string, faults: (all: Document[]) => Fault[] | Promise<Fault[]> }} Check
 * @typedef {import('./documents.mjs').Document} Document
 */

/** @type {Check[]} */
const checks = [
  generated,
  contracts,
  links,
  codeBlocks,
  guarantees,
  tokenStates,
  readingPaths,
  machinePaths,
];

/** @throws {Failure} that names everything that any check found */
export async function runChecks() {
  const all = documents();
  const reports = [];
  for (const check of checks) {
    const faults = await check.faults(all);
    process.stdout.write(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${check.title}\n`);
    if (faults.length > 0) reports.push(reportOf(check, faults));
  }
  if (reports.length > 0) throw new Failure(`\n${reports.join('\n\n')}`);
}

function reportOf({ title, mend }, faults) {
  const lines = faults.map(({ place, says }) => `  ${place}  ${says}`);
  return [`${title}: ${faults.length} wrong. ${mend}`, ...lines].join('\n');
}
