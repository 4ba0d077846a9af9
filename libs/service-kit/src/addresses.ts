import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** `true`: all senders; a number: that many proxies in a row; a list: the proxies with these addresses or in these networks. */
export type TrustedProxies = boolean | number | readonly string[];

/** Whether a sender is a proxy whose `X-Forwarded-For` counts. `hop` is 0 for the sender of the connection. */
export type ProxyTrust = (address: string | undefined, hop: number) => boolean;

/** The names of Fastify and Express for address ranges. */
const NAMED_NETWORKS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** Whether a text is an address, a network such as `10.0.0.0/8`, or one of the names above. */
export function isNetwork(text: string): boolean {
  if (Object.hasOwn(NAMED_NETWORKS, text)) return true;
  const [, address = '', length] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  return isIP(address) !== 0 && Number(length ?? 0) <= (isIPv4(address) ? 32 : 128);
}

export function createProxyTrust(proxies: TrustedProxies): ProxyTrust {
  if (typeof proxies === 'boolean') return () => proxies;
  if (typeof proxies === 'number') return (_address, hop) => hop < proxies;
  const networks = new BlockList();
  for (const network of proxies.flatMap((name) => NAMED_NETWORKS[name] ?? [name])) {
    const [address = '', length] = network.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    networks.addSubnet(address, Number(length ?? (family === 'ipv4' ? 32 : 128)), family);
  }
  return (address) => {
    const plain = removeZone(address ?? '');
    return isIP(plain) !== 0 && networks.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
  };
}

const removeZone = (address: string): string => address.replace(/%.*$/s, '');

/** `203.0.113.7:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]`; a port can be obfuscated (RFC 7239 §6). */
const WITH_PORT = /^(?:([\d.]+)|\[([^\]]*)\])(?::[\w.-]{1,64})?$/;

/**
 * Reads a node identifier of RFC 7239 §6.
 *
 * @returns the address alone; undefined for `unknown`, an obfuscated identifier and any other text
 */
export function parseNodeAddress(node: string): string | undefined {
  const text = node.trim().replace(/^"(.*)"$/s, '$1');
  const [, ipv4, ipv6] = WITH_PORT.exec(text) ?? [];
  const address = removeZone(ipv4 ?? ipv6 ?? text);
  if (isIPv6(address)) return ipv4 === undefined ? address : undefined;
  return isIPv4(address) && ipv6 === undefined ? address : undefined;
}

/** More proxies in a row do not exist. */
const MAX_ENTRIES = 64;

interface ForwardedAddresses {
  /** The readable addresses next to this service, in the order of the field. */
  readonly addresses: readonly string[];
  /** The first entry from the right that is no address. Entries to its left count no more. */
  readonly unreadable: string | undefined;
}

/** Reads `X-Forwarded-For` from the right, where the nearest proxy writes. Empty entries do not count (RFC 9110 §5.6.1.2). */
export function readForwardedFor(field: string): ForwardedAddresses {
  const entries = field.split(',').filter((entry) => entry.trim() !== '');
  const addresses: string[] = [];
  for (const entry of entries.slice(-MAX_ENTRIES).reverse()) {
    const address = parseNodeAddress(entry);
    if (address === undefined) return { addresses, unreadable: entry.trim() };
    addresses.unshift(address);
  }
  return { addresses, unreadable: undefined };
}

/** The eight groups of an IPv6 address in hexadecimal. */
export function expandIPv6(address: string): readonly string[] {
  const [head = '', tail] = removeZone(address).split('::');
  const groupsOf = (text: string | undefined) => (text ? text.split(':') : []);
  const [first, last] = [groupsOf(head), groupsOf(tail)];
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return [...first, ...zeros, ...last];
}
