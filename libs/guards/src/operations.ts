import type { RejectionReason } from './refusals/rejection.js';
import type { AccessToken } from './token/access-token.js';

type Verified = AccessToken | Promise<AccessToken>;

/** What is known of operations that many handlers answer together, such as the fields of a GraphQL query. */
export class Operations {
  private readonly outcomes = new WeakMap<object, () => Verified>();
  private readonly reported = new WeakMap<object, Set<RejectionReason>>();

  /** Verifies once, and repeats the outcome. */
  verify(operation: object, verify: () => Verified): Verified {
    const outcome = this.outcomes.get(operation) ?? outcomeOf(verify);
    this.outcomes.set(operation, outcome);
    return outcome();
  }

  /** Whether this is the first refusal for this reason. */
  isNews(operation: object, reason: RejectionReason): boolean {
    const reasons = this.reported.get(operation) ?? new Set();
    this.reported.set(operation, reasons);
    if (reasons.has(reason)) return false;
    reasons.add(reason);
    return true;
  }
}

function outcomeOf(verify: () => Verified): () => Verified {
  try {
    const verified = verify();
    return () => verified;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
