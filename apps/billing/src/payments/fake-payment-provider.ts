import { once } from 'node:events';
import {
  PaymentProvider,
  type Transfer,
  type Verdict,
  type VerdictListener,
} from './payment-provider.js';

/** Beyond this number the oldest transfers are forgotten, which is enough for development and tests. */
const MAX_REMEMBERED = 10_000;

/**
 * Moves no money. Its behaviour depends on the method of payment, as with the test cards of real providers:
 *
 * - `test-declined`: declines the transfer.
 * - `test-down`: the first call fails before the transfer.
 * - `test-lost`: the first call transfers, but never answers.
 * - `test-twice`: answers, and also sends the verdict twice.
 * - all other methods: transfers and answers.
 *
 * After a charge by `test-refund-declined`, `test-refund-down` and so on, the refund has that behaviour.
 */
export class FakePaymentProvider extends PaymentProvider {
  /** Successful transfers by reference. */
  readonly moved = new Map<string, Transfer>();
  private readonly attempts = new Map<string, number>();
  private notify: VerdictListener = () => Promise.resolve();

  override onVerdict(listener: VerdictListener): void {
    this.notify = listener;
  }

  override async move(transfer: Transfer, signal: AbortSignal): Promise<Verdict> {
    const { reference } = transfer;
    const method = this.selectBehaviour(transfer);
    const isFirst = this.count(reference) === 1;
    if (method === 'test-declined') return 'declined';
    if (method === 'test-down' && isFirst) throw new Error('the provider is down');
    if (!this.moved.has(reference)) this.remember(transfer);
    if (method === 'test-lost' && isFirst) await waitForAbort(signal);
    if (method === 'test-twice') await this.notifyTwice(reference);
    return 'succeeded';
  }

  private selectBehaviour({ movement, method }: Transfer): string {
    if (movement === 'charge') return method;
    const [, refundBehaviour = 'ok'] =
      /^test-refund-(.+)$/.exec(this.moved.get(method)?.method ?? '') ?? [];
    return `test-${refundBehaviour}`;
  }

  private async notifyTwice(reference: string): Promise<void> {
    await this.notify(reference, 'succeeded');
    await this.notify(reference, 'succeeded');
  }

  private count(reference: string): number {
    const times = (this.attempts.get(reference) ?? 0) + 1;
    this.attempts.set(reference, times);
    forgetOldest(this.attempts);
    return times;
  }

  private remember(transfer: Transfer): void {
    this.moved.set(transfer.reference, transfer);
    forgetOldest(this.moved);
  }
}

function forgetOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (map.size > MAX_REMEMBERED && oldest !== undefined) map.delete(oldest);
}

async function waitForAbort(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw new Error('the provider did not answer in time');
}
