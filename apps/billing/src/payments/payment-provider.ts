import type { Movement } from '../invoices/invoice-state.js';

/** Money that is to be moved, once. */
export interface Transfer {
  /** Ours. However often it is sent, the money moves once: the provider must see to that. */
  readonly reference: string;
  readonly movement: Movement;
  /** Of a charge: what the payer has given, such as the token of a card. Of a refund: the reference of the charge. */
  readonly method: string;
  /** In the currency's minor unit. */
  readonly amountMinor: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** `declined` is final: the money has not moved, and will not under this reference. */
export type Verdict = 'succeeded' | 'declined';
export type VerdictListener = (reference: string, verdict: Verdict) => Promise<void>;

/** Whoever moves money. Put yours in its place (payments.module.ts). */
export abstract class PaymentProvider {
  /**
   * Once or more often with one reference: the verdict stays what it was.
   *
   * @param signal aborted when nobody waits for the answer any more
   * @throws anything: then nobody knows whether the money has moved, and it is asked again with the same reference
   */
  abstract move(transfer: Transfer, signal: AbortSignal): Promise<Verdict>;

  /** The provider may also tell by itself: once, more often, and of what it has answered before. */
  abstract onVerdict(tell: VerdictListener): void;
}
