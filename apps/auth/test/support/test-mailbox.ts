import { Scheduler } from '@gatehouse/persistence';
import { MailboxNotifier } from '../../src/platform/notifications/mailbox.js';
import { Notifier } from '../../src/platform/notifications/notifier.js';
import type { TestAuth } from './test-auth.js';

/** The code and the link of a mail; empty for a mail without. */
export interface ReceivedMail {
  readonly kind: string;
  readonly text: string;
  /** 8 digits. */
  readonly code: string;
  /** Path and query. */
  readonly link: string;
  /** The token of the link. */
  readonly token: string;
}

/** Sends the mails that are due. @returns the mails of an address, newest first; the server needs `DEV_MAILBOX` */
export async function readMails(auth: TestAuth, address: string): Promise<ReceivedMail[]> {
  for (const job of ['e-mail-actions', 'notifications']) await auth.app.get(Scheduler).runNow(job);
  const notifier = auth.app.get(Notifier);
  if (!(notifier instanceof MailboxNotifier)) throw new Error('DEV_MAILBOX is off');
  return notifier.messages
    .filter(({ to }) => to === address)
    .map(({ kind, text }) => {
      const [, link = '', token = ''] =
        /http:\/\/localhost:3000(\/\S+\?token=(\S+))/.exec(text) ?? [];
      const code = /^ {4}(\d{4}) (\d{4})$/m.exec(text)?.slice(1).join('') ?? '';
      return { kind, text, code, link, token };
    });
}

/** The newest mail of an address. */
export async function readMail(auth: TestAuth, address: string): Promise<ReceivedMail> {
  const [mail] = await readMails(auth, address);
  if (!mail) throw new Error(`${address} got no mail`);
  return mail;
}
