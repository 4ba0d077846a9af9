import { printTables } from '../report/print.mjs';
import { columns } from './columns.mjs';
import { takeTurns } from './measure.mjs';
import { workloads } from './plan.mjs';
import { probe } from './probe.mjs';
import { results } from './results.mjs';
import { chosenServers, startServer } from './servers.mjs';

/** Every kind of server on both databases, one process each, does every workload. */
export async function measurePeers(stage, { servers: only }) {
  const servers = [];
  for (const each of chosenServers(only)) {
    const server = await startServer(each, stage);
    await probe(server);
    servers.push(server);
  }
  const cells = workloads.flatMap((workload) =>
    servers
      .filter((server) => worthMeasuring(workload, server))
      .map((server) => ({ workload, server })),
  );
  const { generator, plan } = stage;
  const rows = results(await takeTurns(cells, { generator, plan }));
  printTables(rows, { titleOf: ({ workload }) => workload, columns });
  return rows;
}

/** The limit does not touch its store for these: once is enough. */
function worthMeasuring({ durable }, { software, store }) {
  return durable || software !== 'limit' || store === 'sqlite';
}
