import { networkOf } from '../platform/network.js';

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
  return { userAgent: removeUnprintable(userAgent), origin: networkOf(ip) };
}

/** A person reads this text, so control, formatting and unassigned characters are removed (RFC 9110 §5.5). */
function removeUnprintable(text: string): string | null {
  const kept = [...text.replaceAll(/\p{C}/gu, '').trim()].slice(0, MAX_USER_AGENT_LENGTH).join('');
  return kept || null;
}
