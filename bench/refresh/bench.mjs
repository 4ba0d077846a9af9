import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinning } from '../machine/cpu.mjs';
import { machineFacts } from '../machine/facts.mjs';
import { startPostgres } from '../machine/postgres.mjs';
import { messageFrom, start, stop } from '../machine/processes.mjs';
import { printFacts, printResults } from '../report/print.mjs';
import { saveResults } from '../report/save.mjs';
import { measure } from './measure.mjs';
import { planFrom } from './plan.mjs';
import { probe } from './probe.mjs';
import { results } from './results.mjs';
import { chosenServers, startServer } from './servers.mjs';

const GENERATOR = fileURLToPath(new URL('./load/generator.mjs', import.meta.url));

/** Runs the whole comparison and prints it. Resolves with the exit code: 1 when any answer was not 2xx. */
export async function benchRefresh(options) {
  const plan = planFrom(options);
  const chosen = chosenServers(options.servers);
  const dir = workFolder(options.dir);
  const started = [];
  try {
    const postgres = await startPostgres(join(dir, 'postgres'));
    started.push(() => postgres.stop());
    const pins = pinning();
    const facts = await machineFacts(dir, { pins, postgres });
    printFacts(facts, plan);
    const stage = { dir, pins, postgres, started };
    const servers = await startServers(chosen, stage);
    const generator = await startGenerator(stage);
    const cells = await measure({ servers, generator, plan });
    const rows = results(cells);
    printResults(rows, facts);
    if (options.json) saveResults({ facts, plan, rows });
    return rows.some(({ failures }) => failures > 0) ? 1 : 0;
  } finally {
    for (const undo of started.reverse()) await undo();
  }
}

/** On the disk of `parent`: both databases and the fdatasync probe must be on the same one. */
function workFolder(parent = tmpdir()) {
  const dir = mkdtempSync(join(parent, 'gatehouse-bench-'));
  // PostgreSQL may run as another user, who has to reach its folder in here.
  chmodSync(dir, 0o755);
  // On exit and not in a `finally`: Ctrl-C should leave nothing behind either.
  process.on('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

async function startServers(chosen, { dir, pins, postgres, started }) {
  const servers = [];
  for (const each of chosen) {
    process.stdout.write(`starting ${each.software} on ${each.store} …\n`);
    const server = await startServer(each, { dir, cpu: pins?.server, postgres });
    started.push(() => stop(server.child));
    await probe(server);
    servers.push(server);
  }
  return servers;
}

async function startGenerator({ dir, pins, started }) {
  const log = join(dir, 'generator.log');
  const generator = start({ script: GENERATOR, cpu: pins?.client, log });
  started.push(() => stop(generator));
  await messageFrom(generator);
  return generator;
}
