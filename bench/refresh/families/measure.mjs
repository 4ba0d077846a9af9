import { printTables } from '../../report/print.mjs';
import { takeTurns } from '../measure.mjs';
import { filledServer } from './filled-server.mjs';
import { columns, rowsOf } from './results.mjs';

const TABLE = 'refresh_token_family';
const ROTATION = { request: 'rotation', connections: 16 };

/** What a refresh costs beside few and beside very many families. Each size is a database and a server of its own. */
export async function measureFamilies(stage) {
  const cells = [];
  for (const kind of ['sqlite', 'postgres']) {
    for (const count of stage.plan.families) cells.push(await cellOf({ kind, count }, stage));
  }
  const { generator, plan, postgres } = stage;
  const measured = await takeTurns(cells, { generator, plan, meters: postgres.meters });
  for (const cell of measured) {
    cell.bytesAfter = (await cell.store.bytesOf(TABLE)) / cell.count;
    cell.inPlace = await inPlaceSince(cell.updates, cell.store);
  }
  const rows = rowsOf(measured);
  printTables(rows, { titleOf: () => 'Rotation beside few and many families', columns });
  return rows;
}

async function cellOf(size, stage) {
  const { server, store } = await filledServer(size, stage);
  const bytesBefore = (await store.bytesOf(TABLE)) / size.count;
  const updates = await store.updatesOf(TABLE);
  return { workload: ROTATION, server, store, bytesBefore, updates, ...size };
}

/** The share of updates that touched no index. */
async function inPlaceSince(before, store) {
  const after = await store.updatesOf(TABLE);
  return (after.inPlace - before.inPlace) / (after.all - before.all);
}
