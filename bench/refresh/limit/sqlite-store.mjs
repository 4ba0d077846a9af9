import Database from 'better-sqlite3';

/** One row per login on SQLite. Rotations that arrive in one turn of the event loop share one durable commit. */
export function sqliteStore(file) {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(
    'CREATE TABLE family (id TEXT PRIMARY KEY, generation INTEGER, rotated_at INTEGER) WITHOUT ROWID',
  );
  const insert = database.prepare('INSERT INTO family VALUES (?, 1, 0)');
  const update = database.prepare(
    'UPDATE family SET generation = generation + 1, rotated_at = ? WHERE id = ? AND generation = ?',
  );
  const commit = database.transaction((batch, now) =>
    batch.map(({ family, generation }) => update.run(now, family, generation).changes === 1),
  );
  let waiting = [];

  function flush() {
    const batch = waiting;
    waiting = [];
    const rotated = commit.immediate(batch, Date.now());
    batch.forEach(({ resolve }, index) => resolve(rotated[index]));
  }

  return {
    add: async (family) => void insert.run(family),
    rotate: (family, generation) =>
      new Promise((resolve) => {
        if (waiting.push({ family, generation, resolve }) === 1) setImmediate(flush);
      }),
  };
}
