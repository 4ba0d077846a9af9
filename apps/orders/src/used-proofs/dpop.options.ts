import type { DpopOptions, UsedProofs } from '@gatehouse/guards';
import type { OrdersConfig } from '../orders.config.js';

/**
 * Tokens of partners are bound to a key of the partner (docs/recipes/partner-api.md).
 *
 * @param usedProofs shared by all replicas; without it each replica would accept a proof once
 * @returns undefined without an address that a proof could name, so bound tokens are rejected
 */
export function createDpopOptions(
  { PUBLIC_URL, AUDIENCE }: Pick<OrdersConfig, 'PUBLIC_URL' | 'AUDIENCE'>,
  usedProofs?: UsedProofs,
): DpopOptions | undefined {
  const isReachable = PUBLIC_URL !== undefined || /^https?:/.test(AUDIENCE);
  return isReachable ? { baseUrl: PUBLIC_URL, usedProofs } : undefined;
}
