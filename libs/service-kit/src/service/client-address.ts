import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { type ProxyTrust, readForwardedFor, type TrustedProxies } from '../addresses.js';

const WARN_EVERY_MS = 60_000;
const logger = new Logger('TrustProxy');

/**
 * Replaces `X-Forwarded-For` of a proxy by its readable addresses, before any code reads `request.ip`. If none is readable,
 * `request.ip` is the address of the connection.
 */
export function readForwardedAddresses(fastify: FastifyInstance, trust: ProxyTrust): void {
  let warnedAt = Number.NEGATIVE_INFINITY;
  fastify.addHook('onRequest', ({ raw }, _reply, done) => {
    const field = [raw.headers['x-forwarded-for'] ?? []].flat().join(',');
    if (field === '' || !trust(raw.socket.remoteAddress, 0)) return done();
    const { addresses, unreadable } = readForwardedFor(field);
    raw.headers['x-forwarded-for'] = addresses.join(', ');
    if (addresses.length === 0) delete raw.headers['x-forwarded-for'];
    if (unreadable !== undefined && performance.now() - warnedAt > WARN_EVERY_MS) {
      warnedAt = performance.now();
      logger.warn(describeUnreadable(unreadable, addresses.at(0) ?? raw.socket.remoteAddress));
    }
    done();
  });
}

const describeUnreadable = (entry: string, used = 'unknown'): string =>
  `X-Forwarded-For has ${JSON.stringify(entry.slice(0, 100))}, which is no address (RFC 7239 §6). The address ${used} is used instead.`;

/** What an operator should know about the proxies at start. */
export function* listProxyWarnings(proxies: TrustedProxies, https: boolean): Iterable<string> {
  if (proxies === true) {
    yield (
      'TRUST_PROXY is true: the leftmost address of X-Forwarded-For counts. If a proxy appends to the field instead of overwriting it, ' +
      'each client chooses its own address. TRUST_PROXY=1 trusts one proxy, a list such as 10.0.0.0/8 trusts these networks.'
    );
  }
  if (proxies === false && https) {
    yield (
      'Clients use https and this port is plain http, so a proxy is in front. TRUST_PROXY is off: all clients have the address of the proxy, ' +
      'and share its rate limits and MAX_CONNECTIONS_PER_ADDRESS. Set TRUST_PROXY to the number of proxies, or to their networks.'
    );
  }
}
