import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const allocatedPorts = new Set<number>();

/**
 * A port without a listener. It is below those that systems give to outgoing connections, so that it stays free
 * while the app that has it is killed and started again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    if (allocatedPorts.has(port) || !(await isFree(port))) continue;
    allocatedPorts.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, () => probe.close(() => resolve(true)));
  });
}
