import { once } from 'node:events';
import {
  PaymentProvider,
  type Transfer,
  type Verdict,
  type VerdictListener,
} from '../../src/payments/payment-provider.js';

/** What happens when the provider is asked; the money moves before, and once for each reference. */
type Script = (transfer: Transfer, signal: AbortSignal) => Promise<Verdict> | Verdict;

/** A provider of payments that outlives the processes that ask it, as real ones do. */
export class ScriptedPaymentProvider extends PaymentProvider {
  readonly requested: Transfer[] = [];
  /** What has moved: a reference that was declined is not here. */
  readonly moved = new Map<string, Transfer>();
  /** What it does next, and then no more. */
  readonly script: Script[] = [];
  notify: VerdictListener = () => Promise.resolve();

  override onVerdict(tell: VerdictListener): void {
    this.notify = tell;
  }

  override async move(transfer: Transfer, signal: AbortSignal): Promise<Verdict> {
    this.requested.push(transfer);
    const next = this.script.shift();
    const verdict = (await next?.(transfer, signal)) ?? 'succeeded';
    if (verdict === 'succeeded') this.moved.set(transfer.reference, transfer);
    return verdict;
  }

  /** The answer is lost on its way: the money has moved, and nobody knows. */
  readonly loseAnswer: Script = (transfer) => {
    this.moved.set(transfer.reference, transfer);
    throw new Error('socket hang up');
  };
}

export const decline: Script = () => 'declined';

export const failWith503: Script = () => {
  throw new Error('503');
};

export const hang: Script = async (_transfer, signal) => {
  await once(signal, 'abort');
  throw new Error('aborted');
};

/** Answers when the test says so. */
export function deferVerdict(): { readonly script: Script; go: (verdict: Verdict) => void } {
  let go: (verdict: Verdict) => void = () => undefined;
  const verdict = new Promise<Verdict>((resolve) => (go = resolve));
  return { script: () => verdict, go: (said) => go(said) };
}
