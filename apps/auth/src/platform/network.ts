import { isIPv4, isIPv6 } from 'node:net';

/**
 * The network that an address is of, no more precise than it takes to recognise a login of one's own: /24 of IPv4, /48 of
 * IPv6, as `203.0.113.0/24`. An IPv4 address inside of an IPv6 one (RFC 4291 §2.5.5.2) counts as what it is.
 *
 * @returns null for what is no address
 */
export const networkOf = (address: string): string | null => computePrefix(address, 3);

/** What is around that network, and often of the same owner: /16 of IPv4, /32 of IPv6. */
export const widerNetworkOf = (address: string): string | null => computePrefix(address, 2);

/** @param length in bytes of IPv4, in groups of IPv6 */
function computePrefix(address: string, length: number): string | null {
  const [withoutZone = ''] = address.split('%');
  if (isIPv4(withoutZone)) return computeIpv4Prefix(withoutZone.split('.'), length);
  return isIPv6(withoutZone) ? computeIpv6Prefix(parseIpv6Groups(withoutZone), length) : null;
}

const computeIpv4Prefix = (bytes: readonly (string | number)[], length: number): string =>
  `${bytes.map((byte, n) => (n < length ? byte : 0)).join('.')}/${8 * length}`;

function computeIpv6Prefix(groups: readonly number[], length: number): string {
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) {
    const bytes = groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]);
    return computeIpv4Prefix(bytes, length);
  }
  const prefix = groups.slice(0, length).map((group) => group.toString(16));
  while (prefix.at(-1) === '0') prefix.pop();
  return `${prefix.join(':')}::/${16 * length}`;
}

/** All eight. The URL standard writes every address in one way, without dotted decimals and with one `::` at most. */
function parseIpv6Groups(address: string): number[] {
  const [head = [], tail = []] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .split('::')
    .map((side) => side.split(':').filter(Boolean))
    .map((side) => side.map((group) => Number.parseInt(group, 16)));
  const left = 8 - head.length - tail.length;
  return [...head, ...Array.from({ length: left }, () => 0), ...tail];
}
