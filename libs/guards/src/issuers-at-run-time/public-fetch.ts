import { lookup, type LookupOptions } from 'node:dns';
import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import type { Fetch } from '../core/bounded-fetch.js';
import type { ResolvedVerifierOptions } from '../core/verifier.options.js';

/** Special-purpose addresses (RFC 6890), and prefixes that embed an IPv4 address. BlockList also finds `::ffff:10.0.0.1`. */
const PRIVATE_SUBNETS =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 ' +
  '192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 ' +
  '::/96 64:ff9b::/32 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8';

const privateAddresses = new BlockList();
for (const subnet of PRIVATE_SUBNETS.split(' ')) {
  const [address = '', bits] = subnet.split('/');
  privateAddresses.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

export function isPrivateAddress(address: string): boolean {
  return privateAddresses.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

export function withPublicFetch(options: ResolvedVerifierOptions): ResolvedVerifierOptions {
  const fetch = createPublicFetch(isPrivateAddress, options.fetch);
  return { ...options, fetch, keySet: { ...options.keySet, fetch } };
}

/**
 * Fetches from public addresses only. The check is part of the connection: the address that was checked is the one that
 * is connected to, so a host name that changes its address between check and connection gains nothing (DNS rebinding).
 *
 * @param isRefused decides about one address
 * @param own the `fetch` of the application, such as one for a proxy, which looks up host names itself
 */
export function createPublicFetch(isRefused: (address: string) => boolean, own?: Fetch): Fetch {
  const check = (host: string, addresses: readonly string[]) => {
    const refused = addresses.find(isRefused);
    if (refused === undefined) return;
    throw new Error(`${host} has the private address ${refused}: set \`allowsPrivateAddresses\``);
  };
  const lookupChecked: LookupFunction = (host, options: LookupOptions, callback) => {
    lookup(host, { ...options, all: true }, (failure, found) => {
      try {
        if (failure) throw failure;
        check(
          host,
          found.map(({ address }) => address),
        );
        if (options.all) callback(null, found);
        else callback(null, found[0]?.address ?? '', found[0]?.family);
      } catch (error) {
        callback(error as NodeJS.ErrnoException, '', 0);
      }
    });
  };
  return async (address, init) => {
    const url = new URL(address);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // Node calls `lookup` for host names only.
    if (isIP(host)) check(host, [host]);
    return own ? own(address, init) : request(url, init, lookupChecked);
  };
}

/** `fetch` of Node takes no `lookup`. A connection is used once, so that none is reused without the check. */
async function request(url: URL, init: RequestInit, lookupChecked: LookupFunction) {
  const { headers, signal } = init;
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const options = { agent: false, lookup: lookupChecked, ...(signal && { signal }) };
  const sent = send(url, { ...options, headers: Object.fromEntries(new Headers(headers)) }).end();
  const [message] = (await once(sent, 'response').catch((error: unknown) => {
    throw signal?.aborted ? signal.reason : error;
  })) as [IncomingMessage];
  return toResponse(message);
}

function toResponse(message: IncomingMessage): Response {
  const { statusCode: status = 0, headers } = message;
  const hasNoBody = status === 204 || status === 205 || status === 304;
  if (hasNoBody) message.resume();
  const body = hasNoBody ? null : (Readable.toWeb(message) as ReadableStream);
  const pairs = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  return new Response(body, { status, headers: pairs });
}
