import { basename } from 'node:path';
import { Issuer } from '../guards/issuer.mjs';
import { takeTurns } from '../refresh/measure.mjs';
import { printTables } from '../report/print.mjs';
import { columns } from './columns.mjs';
import { WORKLOADS } from './plan.mjs';
import { results } from './results.mjs';
import { startServers } from './servers.mjs';

/** Reads and writes of orders on one kind of database, which is the name of the part. */
export async function measureOrders(stage) {
  const { generator, plan, undo } = stage;
  const issuer = await Issuer.start({ algorithm: 'ES256' });
  undo.push(() => issuer.close());
  const servers = await startServers(issuer, { ...stage, store: basename(stage.dir) });
  const cells = WORKLOADS.flatMap((workload) => servers.map((server) => ({ workload, server })));
  const rows = results(await takeTurns(cells, { generator, plan }));
  printTables(rows, { titleOf: ({ workload, store }) => `${workload}, ${store}`, columns });
  return rows;
}
