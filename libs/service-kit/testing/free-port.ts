import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const allocatedPorts = new Set<number>();

/**
 * Finds a port on which no process listens. The range is below the one that systems use for outgoing connections, so the port
 * stays free while a test stops its server and starts it again.
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
