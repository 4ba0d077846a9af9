import { randomUUID } from 'node:crypto';
import { DatabaseUnavailableException } from './database-unavailable.exception.js';
import type { Writer } from './writer.js';

/** As many rows as need new pages, because a full disk often has room for one row. */
const PROBE_ROWS = 500;

/** The table of leases is in every database, and the clean-up job removes expired leases. */
const INSERT_PROBE = `
  INSERT INTO lease (name, holder, expires_at)
  SELECT CAST($1 AS varchar(64)) || n, $1, 0 FROM (
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${PROBE_ROWS})
    SELECT n FROM numbers) AS numbers`;
const DELETE_PROBE = 'DELETE FROM lease WHERE holder = $1';

/** Observes writes: remembers that the disk is full, or the database read-only, until one succeeds. */
export class WriteHealth {
  private hasFailed = false;
  private probing: Promise<void> | undefined;
  private readonly listeners: (() => void)[] = [];

  get isFailing(): boolean {
    return this.hasFailed;
  }

  /** @param listener is called after each watched write */
  onWrite(listener: () => void): void {
    this.listeners.push(listener);
  }

  async watch<T>(write: Promise<T>): Promise<T> {
    try {
      const result = await write;
      this.hasFailed = false;
      for (const listener of this.listeners) listener();
      return result;
    } catch (error) {
      if (isWriteFault(error)) this.hasFailed = true;
      throw error;
    }
  }

  /** @throws {DatabaseUnavailableException} while the database cannot write; calls at the same time share one probe */
  probe(writer: Writer): Promise<void> {
    this.probing ??= this.tryWrite(writer).finally(() => {
      this.probing = undefined;
    });
    return this.probing;
  }

  /** Other errors, such as a missing table, say nothing about the disk. */
  private async tryWrite(writer: Writer): Promise<void> {
    const name = `probe ${randomUUID()}`;
    try {
      await writer.execute(INSERT_PROBE, [name]);
      await writer.execute(DELETE_PROBE, [name]);
    } catch (error) {
      if (isWriteFault(error)) throw error;
    }
    this.hasFailed = false;
  }
}

const isWriteFault = (error: unknown): boolean =>
  error instanceof DatabaseUnavailableException && error.isWriteFault;
