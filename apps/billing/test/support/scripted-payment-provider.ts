import { once } from 'node:events';
import {
  PaymentProvider,
  type Transfer,
  type Verdict,
  type VerdictListener,
} from '../../src/payments/payment-provider.js';

/** The behaviour of one call of the provider. */
type Script = (transfer: Transfer, signal: AbortSignal) => Promise<Verdict> | Verdict;

/** A payment provider that tests share between several processes of billing. */
export class ScriptedPaymentProvider extends PaymentProvider {
  readonly requested: Transfer[] = [];
  /** Successful transfers by reference. */
  readonly moved = new Map<string, Transfer>();
  /** Behaviour of the next calls, one entry per call. Further calls succeed. */
  readonly script: Script[] = [];
  notify: VerdictListener = () => Promise.resolve();

  override onVerdict(listener: VerdictListener): void {
    this.notify = listener;
  }

  override async move(transfer: Transfer, signal: AbortSignal): Promise<Verdict> {
    this.requested.push(transfer);
    const next = this.script.shift();
    const verdict = (await next?.(transfer, signal)) ?? 'succeeded';
    if (verdict === 'succeeded') this.moved.set(transfer.reference, transfer);
    return verdict;
  }

  /** Moves the money and loses the answer. */
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

/** Answers when the test calls `go`. */
export function deferVerdict(): { readonly script: Script; go: (verdict: Verdict) => void } {
  let go: (verdict: Verdict) => void = () => undefined;
  const verdict = new Promise<Verdict>((resolve) => (go = resolve));
  return { script: () => verdict, go: (given) => go(given) };
}
