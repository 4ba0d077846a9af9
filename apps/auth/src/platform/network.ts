import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * The network of an address, just precise enough that users recognise their own logins: /24 of IPv4, /48 of IPv6, written as
 * `203.0.113.0/24`. An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) counts as the IPv4 address.
 *
 * @param address undefined when the client has disconnected
 * @returns null when the text is not an address
 */
export const networkOf = (address: string | undefined): string | null =>
  computeNetwork(address, { ipv4: 24, ipv6: 48 });

/** The network of a caller, as the key of a quota. */
export const describeNetwork = (address: string): string => networkOf(address) ?? 'elsewhere';

/** The wider network, which often has the same owner: /16 of IPv4, /32 of IPv6. */
export const widerNetworkOf = (address: string | undefined): string | null =>
  computeNetwork(address, { ipv4: 16, ipv6: 32 });

function computeNetwork(text = '', lengths: { ipv4: number; ipv6: number }): string | null {
  const [withoutZone = ''] = text.split('%');
  // ipaddr.js also accepts `127.1` and `0x7f.1`, so node decides what an address is.
  if (!isIPv4(withoutZone) && !isIPv6(withoutZone)) return null;
  const address = ipaddr.process(toHexGroups(withoutZone));
  const length = lengths[address.kind()];
  const range = `${address.toString()}/${length}`;
  const family = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${family.networkAddressFromCIDR(range).toString()}/${length}`;
}

/** Writes `::1.2.3.4` as `::102:304`, because ipaddr.js takes that deprecated form for an IPv4-mapped address. */
const toHexGroups = (address: string): string =>
  isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;

const MAX_USER_AGENT_LENGTH = 255;

/** The device of a login, no more precise than the list of sessions needs. */
export interface DeviceInfo {
  /** Printable characters of the `User-Agent`; null if the request had none. */
  readonly userAgent: string | null;
  /** /24 of IPv4, /48 of IPv6. */
  readonly origin: string | null;
}

/** @param request `ip`: behind a proxy, `TRUST_PROXY` decides whose address this is */
export function describeDevice({
  userAgent = '',
  ip,
}: {
  userAgent: string | undefined;
  ip: string;
}): DeviceInfo {
  return { userAgent: removeUnprintable(decodeUtf8(userAgent)), origin: networkOf(ip) };
}

/** Node reads header bytes as Latin-1. Bytes that are valid UTF-8 are meant as such (RFC 9110 §5.5). */
function decodeUtf8(field: string): string {
  if (/[^\0-\xff]/.test(field)) return field;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(field, 'latin1'));
  } catch {
    return field;
  }
}

/** A person reads this text, so control, formatting and unassigned characters are removed (RFC 9110 §5.5). */
function removeUnprintable(text: string): string | null {
  const kept = [...text.replaceAll(/\p{C}/gu, '').trim()].slice(0, MAX_USER_AGENT_LENGTH).join('');
  return kept || null;
}
