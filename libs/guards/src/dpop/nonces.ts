import { createHmac } from 'node:crypto';
import type { ResolvedDpopOptions } from './dpop.options.js';

type NonceOptions = Pick<ResolvedDpopOptions, 'nonceSecrets' | 'nonceLifetimeSeconds'>;

/**
 * Nonces of this server (RFC 9449 §8, §9). They are derived from a secret and the time instead of being stored, so
 * replicas with the same secret accept each other's nonces.
 */
export class DpopNonces {
  private readonly lifetime: number;

  constructor(
    private readonly options: NonceOptions,
    private readonly now: () => number,
  ) {
    this.lifetime = options.nonceLifetimeSeconds * 1000;
  }

  current(): string {
    const [secret = ''] = this.options.nonceSecrets;
    return deriveNonce(secret, this.currentPeriod());
  }

  /**
   * Accepts nonces of the current and the previous period, and of the next one, because the clock of another replica
   * may be ahead.
   *
   * @returns when the nonce expires, in epoch milliseconds; undefined if it is not valid now
   */
  findExpiry(nonce: unknown): number | undefined {
    const now = this.currentPeriod();
    const period = [now, now - 1, now + 1].find((candidate) => this.isForPeriod(candidate, nonce));
    return period === undefined ? undefined : (period + 2) * this.lifetime;
  }

  private isForPeriod(period: number, nonce: unknown): boolean {
    return this.options.nonceSecrets.some((secret) => deriveNonce(secret, period) === nonce);
  }

  private currentPeriod(): number {
    return Math.floor(this.now() / this.lifetime);
  }
}

/** 132 bits. The nonce is public, so a constant-time comparison is not needed. */
function deriveNonce(secret: string | Buffer, period: number): string {
  return createHmac('sha256', secret).update(`nonce ${period}`).digest('base64url').slice(0, 22);
}
