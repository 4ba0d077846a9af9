import { createHmac } from 'node:crypto';

const SLOTS = 65_536;

/**
 * What strangers can be told apart by goes into a bounded number of counters: whatever they do, no more memory and no more
 * rows. Nobody outside knows who shares a counter with whom, and no address is stored.
 */
export function slotOf(key: Buffer, text: string): string {
  const digest = createHmac('sha256', key).update(text).digest();
  return String(digest.readUInt32BE() % SLOTS);
}
