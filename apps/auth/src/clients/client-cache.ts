import type { Clock } from '@gatehouse/service-kit';
import type { Client } from './client.entity.js';

/** How long a process trusts a row that it read, in milliseconds. Another process's change takes effect within this time. */
const MAX_AGE_MS = 5_000;
const MAX_CLIENTS = 1_000;

interface CachedClient {
  readonly client: Client;
  /** Before the row was read, in monotonic milliseconds. */
  readonly readAt: number;
}

/**
 * The registrations that this process read within the last five seconds (decision 34). It contains enabled clients only: an
 * unknown id takes no place, and a client that was created or enabled just now works at once.
 */
export class ClientCache {
  /** In the order of their reads. */
  private readonly clients = new Map<string, CachedClient>();
  private changes = 0;

  constructor(private readonly clock: Clock) {}

  get(id: string): Client | undefined {
    const cached = this.clients.get(id);
    const isRecent = cached && this.clock.monotonic() - cached.readAt < MAX_AGE_MS;
    return isRecent ? cached.client : undefined;
  }

  /** Reads a row, and caches it unless this process changed a client meanwhile. */
  async load(id: string, read: () => Promise<Client | undefined>): Promise<Client | undefined> {
    const { changes } = this;
    const readAt = this.clock.monotonic();
    const client = await read();
    if (changes !== this.changes) return client;
    this.clients.delete(id);
    if (client?.disabledAt === null) this.clients.set(id, { client, readAt });
    const [oldest] = this.clients.keys();
    if (oldest !== undefined && this.clients.size > MAX_CLIENTS) this.clients.delete(oldest);
    return client;
  }

  /** Call it after a change of a client, and after the commit of its transaction. */
  clear(): void {
    this.changes += 1;
    this.clients.clear();
  }
}
