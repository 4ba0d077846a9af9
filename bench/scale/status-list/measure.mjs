import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageFrom, start, stop } from '../../machine/processes.mjs';
import { printTables } from '../../report/print.mjs';
import { guardColumns, listColumns } from './columns.mjs';
import { measurePublishing } from './publish.mjs';

const GUARDS = fileURLToPath(new URL('./guards.mjs', import.meta.url));

/** What it costs to tell of ended sessions, and to know of them. */
export async function measureStatusList(stage) {
  const published = await measurePublishing(stage);
  printTables(published, { titleOf: () => 'Publishing a status list', columns: listColumns });
  const known = await inGuards(stage);
  printTables(known, { titleOf: () => 'Asking it, on remembered tokens', columns: guardColumns });
  return [...published, ...known];
}

/** In a process of its own, on one CPU. */
async function inGuards({ dir, pins, plan }) {
  const child = start({ script: GUARDS, cpu: pins?.server, log: join(dir, 'guards.log') });
  try {
    child.send(plan);
    return await messageFrom(child);
  } finally {
    await stop(child);
  }
}
