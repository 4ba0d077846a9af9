import { createHmac } from 'node:crypto';
import type { ResolvedDpopOptions } from './dpop.options.js';

type NonceOptions = Pick<ResolvedDpopOptions, 'nonceSecrets' | 'nonceLifetimeSeconds'>;

/**
 * Nonces of this server (RFC 9449 §8, §9). None is stored: each is made of a secret and of the time, so that every
 * replica with the secret knows the nonces of the others.
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
   * Of this period or the one before; or of the next one, for the clock of another replica may be ahead.
   *
   * @returns from when on it is refused, in epoch milliseconds; undefined for a nonce that is refused now
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

/** 132 bits. Whoever asks is told, so that no comparison has to hide anything. */
function deriveNonce(secret: string | Buffer, period: number): string {
  return createHmac('sha256', secret).update(`nonce ${period}`).digest('base64url').slice(0, 22);
}
