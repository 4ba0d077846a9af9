import { isIPv4, isIPv6 } from 'node:net';

/**
 * The network that an address is of, no more precise than it takes to recognise a login of one's own: /24 of IPv4, /48 of
 * IPv6, as `203.0.113.0/24`. An IPv4 address inside of an IPv6 one (RFC 4291 §2.5.5.2) counts as what it is.
 *
 * @returns null for what is no address
 */
export function originOf(address: string): string | null {
  const [withoutZone = ''] = address.split('%');
  if (isIPv4(withoutZone)) return networkOf4(withoutZone.split('.'));
  return isIPv6(withoutZone) ? networkOf6(groupsOf(withoutZone)) : null;
}

const networkOf4 = (bytes: readonly (string | number)[]): string =>
  `${bytes.slice(0, 3).join('.')}.0/24`;

function networkOf6(groups: readonly number[]): string {
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) return networkOf4(groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]));
  const network = groups.slice(0, 3).map((group) => group.toString(16));
  while (network.at(-1) === '0') network.pop();
  return `${network.join(':')}::/48`;
}

/** All eight. The URL standard writes every address in one way, without dotted decimals and with one `::` at most. */
function groupsOf(address: string): number[] {
  const [head = [], tail = []] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .split('::')
    .map((side) => side.split(':').filter(Boolean))
    .map((side) => side.map((group) => Number.parseInt(group, 16)));
  const left = 8 - head.length - tail.length;
  return [...head, ...Array.from({ length: left }, () => 0), ...tail];
}
