import type { AccessToken } from '@gatehouse/guards';

/**
 * Refuses tokens with a person behind them, whatever their scope. Where nobody granted a token, its subject is the
 * client itself (RFC 9068 §2.2).
 */
export function forServicesOnly({ subject, clientId }: AccessToken): boolean {
  return subject === clientId;
}
