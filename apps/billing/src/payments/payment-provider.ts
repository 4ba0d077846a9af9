import type { Movement } from '../invoices/invoice-state.js';

/** One transfer of money. */
export interface Transfer {
  /** Chosen by billing. The provider must move the money once, even if it receives the reference several times. */
  readonly reference: string;
  readonly movement: Movement;
  /** For a charge, the customer's means of payment, such as the token of a card. For a refund, the reference of the charge. */
  readonly method: string;
  /** In the currency's minor unit. */
  readonly amountMinor: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** Both are final. After `declined`, the money never moves under this reference. */
export type Verdict = 'succeeded' | 'declined';
export type VerdictListener = (reference: string, verdict: Verdict) => Promise<void>;

/** Moves money. Implement it for your provider and pass the instance to `AppModule.forRoot`. */
export abstract class PaymentProvider {
  /**
   * Moves the money. A repeated call with the same reference returns the same verdict.
   *
   * @param signal aborted when billing no longer waits for the answer
   * @throws {Error} when the verdict is unknown; billing then calls again with the same reference
   */
  abstract move(transfer: Transfer, signal: AbortSignal): Promise<Verdict>;

  /** Registers the listener for verdicts that the provider sends, such as webhooks. It may send a verdict several times. */
  abstract onVerdict(listener: VerdictListener): void;
}
