import { Failure } from '../terminal/failure.mjs';
import { DEFAULT_PORTS } from '../workspace.mjs';

/**
 * @param {string | undefined} wish
 * @throws {Failure} where it is no port, or that of another app
 */
export function portOf(wish) {
  const port = wish === undefined ? Math.max(...Object.values(DEFAULT_PORTS)) + 1 : Number(wish);
  if (!Number.isInteger(port) || port < 1024 || port > 65535) {
    throw new Failure(`--port must be a number from 1024 to 65535, not "${wish}".`);
  }
  const [owner] = Object.entries(DEFAULT_PORTS).find(([, taken]) => taken === port) ?? [];
  if (owner) throw new Failure(`Port ${port} is that of ${owner}. Choose another one by --port.`);
  return port;
}
