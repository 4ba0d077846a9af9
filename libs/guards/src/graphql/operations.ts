import type { AccessToken } from '../core/access-token.js';
import type { BearerError, RejectionReason } from '../nest/bearer-error.js';
import type { Operation } from '../nest/transport.js';

type Verify = () => AccessToken | Promise<AccessToken>;

/** A query, a mutation or a subscription. Its fields share one verification, and one report of each reason. */
class GraphqlOperation implements Operation {
  private result: Verify | undefined;
  private readonly scopes = new Set<string>();
  private readonly reasons = new Set<RejectionReason>();

  verifyOnce(verify: Verify): AccessToken | Promise<AccessToken> {
    this.result ??= captureResult(verify);
    return this.result();
  }

  /** The client needs one token for all fields, so a challenge names the scopes of every field that was refused. */
  addRefusal(refusal: BearerError): boolean {
    for (const scope of refusal.scopes ?? []) this.scopes.add(scope);
    refusal.scopes = [...this.scopes];
    const isFirst = !this.reasons.has(refusal.reason);
    this.reasons.add(refusal.reason);
    return isFirst;
  }
}

function captureResult(verify: Verify): Verify {
  try {
    const verified = verify();
    return () => verified;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** The running operations. */
export class Operations {
  private readonly running = new WeakMap<object, Operation>();

  /** @param key an object of each execution */
  of(key: object): Operation {
    const known = this.running.get(key);
    if (known) return known;
    const operation = new GraphqlOperation();
    this.running.set(key, operation);
    return operation;
  }
}
