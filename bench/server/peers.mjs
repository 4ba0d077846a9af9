import { columns } from '../refresh/columns.mjs';
import { takeTurns } from '../refresh/measure.mjs';
import { results } from '../refresh/results.mjs';
import { printTables } from '../report/print.mjs';
import { WORKLOADS } from './plan.mjs';
import { startBoth } from './servers.mjs';

/** Columns of a suite without the limit: nobody writes a bare authorization server. */
const own = columns.filter(([title]) => title !== '÷ limit');

/** Both servers on both databases do every workload. */
export async function measurePeers(stage) {
  const { generator, plan } = stage;
  const servers = await startBoth(stage);
  const cells = WORKLOADS.flatMap((workload) => servers.map((server) => ({ workload, server })));
  const rows = results(await takeTurns(cells, { generator, plan }));
  printTables(rows, { titleOf: ({ workload }) => workload, columns: own });
  return rows;
}
