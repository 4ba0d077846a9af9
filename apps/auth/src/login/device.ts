import type { Device } from '../refresh-tokens/refresh-tokens.js';
import { networkOf } from '../networks/network.js';

const LONGEST_USER_AGENT = 255;

/** @param request `ip`: behind a proxy, `TRUST_PROXY` decides whose address that is */
export function deviceOf({
  userAgent = '',
  ip,
}: {
  userAgent: string | undefined;
  ip: string;
}): Device {
  return { userAgent: printable(userAgent), origin: networkOf(ip) };
}

/** Control, formatting and unassigned characters have no place in a list that a person reads (RFC 9110 §5.5). */
function printable(text: string): string | null {
  const kept = [...text.replaceAll(/\p{C}/gu, '').trim()].slice(0, LONGEST_USER_AGENT).join('');
  return kept || null;
}
