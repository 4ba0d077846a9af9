import { forgerySteps } from './forgery-steps.mjs';
import { invoiceSteps } from './invoice-steps.mjs';
import { loginSteps } from './login-steps.mjs';
import { refreshSteps } from './refresh-steps.mjs';
import { scopeSteps } from './scope-steps.mjs';

/**
 * The walk. A step does its requests by `walk.call`, which shows them, and says what must come of them; `why` is the
 * sentence that remains.
 *
 * @type {readonly { title: string, why: string, run: (walk: import('./walk.mjs').Walk) => Promise<void> }[]}
 */
export const steps = [
  ...loginSteps,
  ...invoiceSteps,
  ...refreshSteps,
  ...scopeSteps,
  ...forgerySteps,
];
