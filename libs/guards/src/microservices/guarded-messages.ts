import { GuardedClass } from '../guarded-class.js';

/**
 * A controller whose message and event handlers are guarded, in every kind of application: in a hybrid one Nest calls
 * global guards for them only with `inheritAppConfig`.
 */
export function GuardedMessages(): ClassDecorator {
  return GuardedClass();
}
