import { createHmac } from 'node:crypto';
import type { ResolvedDpopOptions } from './dpop.options.js';

type Secrets = Pick<ResolvedDpopOptions, 'nonceSecrets' | 'nonceLifetimeSeconds'>;

/**
 * Nonces of this server (RFC 9449 §8, §9). None is stored: each is made of a secret and of the time, so that every
 * replica with the secret knows the nonces of the others.
 */
export class Nonces {
  private readonly lifetime: number;

  constructor(
    private readonly options: Secrets,
    private readonly now: () => number,
  ) {
    this.lifetime = options.nonceLifetimeSeconds * 1000;
  }

  current(): string {
    const [secret = ''] = this.options.nonceSecrets;
    return nonceOf(secret, this.period());
  }

  /**
   * Of this period or the one before; or of the next one, for the clock of another replica may be ahead.
   *
   * @returns from when on it is refused, in epoch milliseconds; undefined for a nonce that is refused now
   */
  endOf(nonce: unknown): number | undefined {
    const now = this.period();
    const period = [now, now - 1, now + 1].find((candidate) => this.isOf(candidate, nonce));
    return period === undefined ? undefined : (period + 2) * this.lifetime;
  }

  private isOf(period: number, nonce: unknown): boolean {
    return this.options.nonceSecrets.some((secret) => nonceOf(secret, period) === nonce);
  }

  private period(): number {
    return Math.floor(this.now() / this.lifetime);
  }
}

/** 132 bits. Whoever asks is told, so that no comparison has to hide anything. */
function nonceOf(secret: string | Buffer, period: number): string {
  return createHmac('sha256', secret).update(`nonce ${period}`).digest('base64url').slice(0, 22);
}
