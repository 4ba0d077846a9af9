import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../results/', import.meta.url));

/** Keeps a run as JSON in bench/results/, which git ignores: numbers belong to the machine that made them. */
export function saveResults(suite, run) {
  mkdirSync(FOLDER, { recursive: true });
  const file = `${FOLDER}${suite}-${run.facts.at.replaceAll(':', '')}.json`;
  writeFileSync(file, `${JSON.stringify(run, undefined, 2)}\n`);
  console.log(`Written to bench/results/${file.slice(FOLDER.length)}`);
}
