/** Rows that are inserted at once: a server that is up gets its turn between two. */
const SIZE = 10_000;

/** @param {Iterable<object>} rows */
export function* batches(rows) {
  let batch = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
