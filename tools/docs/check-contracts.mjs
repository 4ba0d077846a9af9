import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { breakingChanges } from '../openapi/breaking-changes.mjs';
import { APPS, ROOT } from '../workspace.mjs';
import { contractFile, contractOf } from './contracts.mjs';

/** @type {import('./run-checks.mjs').Check} */
export const contracts = {
  title: 'No API breaks the clients that it has',
  mend: 'Keep what is there, or say why not: npm run docs:build -- --accept-breaking "why"',
  faults: contractFaults,
};

/** What the apps say against the documents that are kept. */
export async function contractFaults() {
  const faults = [];
  for (const app of APPS) {
    const place = contractFile(app);
    const file = join(ROOT, place);
    if (!existsSync(file)) continue;
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    for (const says of breakingChanges(kept, await contractOf(app))) faults.push({ place, says });
  }
  return faults;
}
