import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../terminal/failure.mjs';
import { ROOT } from '../workspace.mjs';
import { contractFaults, contracts } from './check-contracts.mjs';

const RECORD = 'docs/api-changes.md';

/**
 * @param {string | undefined} reason why clients may be broken
 * @throws {Failure} where an API breaks its clients, and nobody says why
 */
export async function requireAcknowledgement(reason) {
  const faults = await contractFaults();
  if (faults.length === 0) return;
  const lines = faults.map(({ place, says }) => `${place}: ${says}`);
  if (!reason?.trim()) {
    throw new Failure([`Clients would break. ${contracts.mend}`, ...lines].join('\n  '));
  }
  const today = new Date().toISOString().slice(0, 10);
  const entry = [`\n## ${today}: ${reason.trim()}\n`, ...lines.map((line) => `- ${line}`)];
  appendFileSync(join(ROOT, RECORD), `${entry.join('\n')}\n`);
  process.stdout.write(`recorded  ${RECORD}\n`);
}
