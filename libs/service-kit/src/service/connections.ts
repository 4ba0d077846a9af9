import { isIPv6, type Server, type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { expandIPv6 } from '../addresses.js';

const WARN_EVERY_MS = 60_000;
const logger = new Logger('Connections');

interface ConnectionLimit {
  /** Connections of one IPv4 address, or of one /64 of IPv6, because one machine has a whole /64. */
  readonly max: number;
  /** Whether an address is a reverse proxy. Its connections carry requests of all clients. */
  readonly isProxy: (address: string) => boolean;
}

/**
 * Closes a connection beyond the limit at once, so that one address cannot use up the connections of all others.
 *
 * @param limit `max` 0 turns the limit off
 */
export function limitConnections(server: Server, { max, isProxy }: ConnectionLimit): void {
  if (max === 0) return;
  const counts = new Map<string, number>();
  let warnedAt = Number.NEGATIVE_INFINITY;
  const warn = (owner: string) => {
    if (performance.now() - warnedAt < WARN_EVERY_MS) return;
    warnedAt = performance.now();
    logger.warn(
      `${owner} has ${max} open connections. More are closed: see MAX_CONNECTIONS_PER_ADDRESS, and TRUST_PROXY if it is a proxy.`,
    );
  };
  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || isProxy(remoteAddress)) return;
    const owner = toOwner(remoteAddress);
    const count = counts.get(owner) ?? 0;
    if (count >= max) {
      warn(owner);
      socket.destroy();
      return;
    }
    counts.set(owner, count + 1);
    socket.once('close', () => {
      const others = (counts.get(owner) ?? 1) - 1;
      if (others === 0) counts.delete(owner);
      else counts.set(owner, others);
    });
  });
}

function toOwner(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  return `${expandIPv6(address).slice(0, 4).join(':')}::/64`;
}
