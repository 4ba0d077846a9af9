import type { Message } from './messages.js';

/** How a message reaches the owner of an account. */
export abstract class Notifier {
  /**
   * @param deadline when it fires the attempt is given up: no server may hold up the others' messages
   * @throws {Error} where it is not known to have been accepted
   */
  abstract send(message: Message, deadline: AbortSignal): Promise<void>;
}
