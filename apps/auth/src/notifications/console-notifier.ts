import { Injectable, Logger } from '@nestjs/common';
import type { Message } from './messages.js';
import { Notifier } from './notifier.js';

/** Where no mail server is configured, the log says what would have been sent; to whom is nobody's business there. */
@Injectable()
export class ConsoleNotifier extends Notifier {
  private readonly log = new Logger('Notifier');

  send({ kind, accountId }: Message): Promise<void> {
    this.log.log(`no mail server is configured: ${kind} was not sent to the owner of ${accountId}`);
    return Promise.resolve();
  }
}
