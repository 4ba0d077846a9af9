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
  /** References of transfers without an answer. Their retries neither take a script nor count as requested. */
  private readonly unanswered = new Set<string>();
  notify: VerdictListener = () => Promise.resolve();

  override onVerdict(listener: VerdictListener): void {
    this.notify = listener;
  }

  override async move(transfer: Transfer, signal: AbortSignal): Promise<Verdict> {
    if (this.unanswered.has(transfer.reference)) throw new Error('503');
    this.requested.push(transfer);
    const next = this.script.shift();
    const verdict = (await next?.(transfer, signal)) ?? 'succeeded';
    if (verdict === 'succeeded') this.moved.set(transfer.reference, transfer);
    return verdict;
  }

  /** Never answers for this transfer, so that the payment stays pending while background retries run. */
  readonly keepPending: Script = ({ reference }) => {
    this.unanswered.add(reference);
    throw new Error('503');
  };

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
