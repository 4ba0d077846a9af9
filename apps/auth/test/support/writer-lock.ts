import type { UnitOfWork } from '@gatehouse/persistence';
import { TableLock } from '@gatehouse/persistence/testing';

/** Holds up the writes to the refresh token families until its release. Reads go on. */
export type WriterLock = Pick<TableLock, 'waitUntilBlocking' | 'release'>;

export const lockOnPostgres = (databaseUrl: string): Promise<WriterLock> =>
  TableLock.take(databaseUrl, 'auth.refresh_token_family');

/** SQLite's writer runs one job at a time. */
export async function lockOnSqlite(unitOfWork: UnitOfWork): Promise<WriterLock> {
  let open!: () => void;
  const gate = new Promise<void>((resolve) => (open = resolve));
  let job!: Promise<void>;
  await new Promise<void>((resolve) => {
    job = unitOfWork.transaction(() => {
      resolve();
      return gate;
    });
  });
  return {
    // A write is in the queue as soon as it was called.
    waitUntilBlocking: () => Promise.resolve(),
    async release() {
      open();
      await job;
    },
  };
}
