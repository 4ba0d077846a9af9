import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What is left after everything that can go has gone, in bytes. */
export function measureHeap(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Resolves when no more than this is in use: what a closed connection held goes a little later. */
export async function waitForHeapBelow(most: number): Promise<void> {
  while (measureHeap() > most) await setTimeout(20);
}
