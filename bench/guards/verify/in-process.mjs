import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageFrom, start, stop } from '../../machine/processes.mjs';

const SCRIPT = fileURLToPath(new URL('./process.mjs', import.meta.url));

/**
 * Measures a part in a process of its own, on one CPU.
 * @param {'verify' | 'growth' | 'memory'} part
 * @param {{ plan: object, algorithm?: string }} task
 * @param {{ dir: string, pins?: import('../../types.js').Pins | undefined }} place
 */
export async function inProcess(part, task, { dir, pins }) {
  const child = start({ script: SCRIPT, cpu: pins?.server, log: join(dir, `${part}.log`) });
  try {
    child.send({ part, ...task });
    return await messageFrom(child);
  } finally {
    await stop(child);
  }
}
