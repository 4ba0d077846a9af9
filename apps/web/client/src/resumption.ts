import type { Invoice } from './orders/orders-api.js';
import type { PendingRequest } from './pending-request.js';
import { request, RequestError } from './request.js';
import { describeError, texts } from './texts/texts.js';

/** What became of a request that waited for a sign-in. */
export interface Resumption {
  readonly isGood: boolean;
  readonly text: string;
}

/** Sends the request with its idempotency key. A second demand to sign in is told, and leads to no other sign-in. */
export async function resumeRequest(pending: PendingRequest): Promise<Resumption> {
  const { path, headers, body } = pending;
  try {
    const { body: invoice } = await request<Invoice>(path, { method: 'POST', headers, body });
    const isDone = invoice.state === 'refunded';
    return { isGood: true, text: isDone ? texts.refund.done : texts.refund.pending };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const isStepUp = error.problem.code === 'step_up_required';
    return { isGood: false, text: isStepUp ? texts.refund.signInAgain : describeError(error) };
  }
}
