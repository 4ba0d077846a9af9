import { networkOf } from '../platform/network.js';
import type { DeviceInfo } from './refresh-token.service.js';

const MAX_USER_AGENT_LENGTH = 255;

/** @param request `ip`: behind a proxy, `TRUST_PROXY` decides whose address that is */
export function describeDevice({
  userAgent = '',
  ip,
}: {
  userAgent: string | undefined;
  ip: string;
}): DeviceInfo {
  return { userAgent: removeUnprintable(userAgent), origin: networkOf(ip) };
}

/** Control, formatting and unassigned characters have no place in a list that a person reads (RFC 9110 §5.5). */
function removeUnprintable(text: string): string | null {
  const kept = [...text.replaceAll(/\p{C}/gu, '').trim()].slice(0, MAX_USER_AGENT_LENGTH).join('');
  return kept || null;
}
