import type { Message } from './message.js';
import { Notifier } from './notifier.js';

const MAX_MESSAGES = 100;

/** A message that was sent, or would have been sent. */
export interface KeptMessage extends Message {
  readonly at: Date;
}

/** Keeps the latest messages in the memory of this process, for `/dev/mailbox`, and passes each to another notifier. */
export class MailboxNotifier extends Notifier {
  private readonly kept: KeptMessage[] = [];

  constructor(private readonly next: Notifier) {
    super();
  }

  /** The newest first. */
  get messages(): readonly KeptMessage[] {
    return this.kept.toReversed();
  }

  send(message: Message, deadline: AbortSignal): Promise<void> {
    this.kept.push({ ...message, at: new Date() });
    if (this.kept.length > MAX_MESSAGES) this.kept.shift();
    return this.next.send(message, deadline);
  }
}
