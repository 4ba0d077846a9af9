import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinning } from '../machine/cpu.mjs';
import { diskFacts } from '../machine/disk.mjs';
import { machineFacts } from '../machine/facts.mjs';
import { startPostgres } from '../machine/postgres.mjs';
import { messageFrom, start, stop } from '../machine/processes.mjs';
import { workFolder } from '../machine/work-folder.mjs';
import { printFacts, printVerdict } from '../report/print.mjs';
import { saveResults } from '../report/save.mjs';

const GENERATOR = fileURLToPath(new URL('./load/generator.mjs', import.meta.url));

/**
 * Measures the parts of a suite, one after the other, and prints what comes out.
 * @param {{ name: string, packages: object, parts: Record<string, Function>, method: string }} suite a part starts its
 *   servers, measures them, prints its tables and resolves with its rows
 * @param {{ parts: string[] }} plan
 * @returns {Promise<number>} the exit code: 1 when any answer was not as it must be
 */
export async function onStage(suite, plan, options) {
  const dir = workFolder(options.dir);
  const undo = [];
  try {
    const postgres = await startPostgres(join(dir, 'postgres'));
    undo.push(() => postgres.stop());
    const pins = pinning();
    const facts = {
      ...(await machineFacts({ pins, ...suite.packages })),
      postgresql: postgres.version,
      ...diskFacts(dir),
    };
    printFacts(facts, suite.method);
    const generator = await startGenerator({ dir, pins, undo });
    const stage = { dir, pins, postgres, generator, plan };
    const rows = [];
    for (const part of plan.parts)
      rows.push(...(await measured(suite.parts[part], { part, stage, options })));
    printVerdict(rows, facts);
    if (options.json) saveResults(suite.name, { facts, plan, rows });
    return rows.some(({ failures }) => failures > 0) ? 1 : 0;
  } finally {
    await undoAll(undo);
  }
}

/** The servers of a part are gone before the next one begins. */
async function measured(measure, { part, stage, options }) {
  console.log(`\n## ${part}\n`);
  const undo = [];
  const dir = join(stage.dir, part);
  mkdirSync(dir);
  try {
    return await measure({ ...stage, dir, undo }, options);
  } finally {
    await undoAll(undo);
  }
}

async function undoAll(steps) {
  for (const step of steps.reverse()) await step();
}

/** A process that makes load; it stops when the stage is undone. */
export async function startGenerator({ dir, pins, undo }) {
  const log = join(dir, 'generator.log');
  const generator = start({ script: GENERATOR, cpu: pins?.client, log });
  undo.push(() => stop(generator));
  await messageFrom(generator);
  return generator;
}
