import { setTimeout } from 'node:timers/promises';

/** Resolves when the condition is true. If it never becomes true, the test fails by Jest's timeout. */
export async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await setTimeout(5);
}
