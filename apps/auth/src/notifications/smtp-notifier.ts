import { createTransport, type Transporter } from 'nodemailer';
import type { Message } from './messages.js';
import { Notifier } from './notifier.js';

/** Milliseconds of silence at each step; the caller's deadline covers them all. */
const SILENCE = 5_000;

export interface SmtpSettings {
  /** `smtps://user:password@host:port`, or `smtp://` for STARTTLS. */
  readonly url: string;
  readonly from: string;
}

/** Mail by SMTP, one connection a message. */
export class SmtpNotifier extends Notifier {
  private readonly domain: string;

  constructor(private readonly settings: SmtpSettings) {
    super();
    this.domain = settings.from.split('@').at(-1) ?? 'localhost';
  }

  async send(message: Message, deadline: AbortSignal): Promise<void> {
    const transport = this.connect();
    const cut = () => transport.close();
    deadline.addEventListener('abort', cut);
    try {
      await Promise.race([transport.sendMail(this.mailOf(message)), rejectedBy(deadline)]);
    } finally {
      deadline.removeEventListener('abort', cut);
      transport.close();
    }
  }

  /** A password never travels in the clear: with one, TLS is required. */
  private connect(): Transporter {
    const { url } = this.settings;
    const { protocol, username } = new URL(url);
    return createTransport({
      url,
      requireTLS: protocol === 'smtp:' && username !== '',
      connectionTimeout: SILENCE,
      greetingTimeout: SILENCE,
      socketTimeout: SILENCE,
      dnsTimeout: SILENCE,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  /** The same `Message-ID` at every attempt, by which mailboxes recognise a second copy. */
  private mailOf({ id, to, subject, text }: Message) {
    return {
      from: this.settings.from,
      // An object, so that no address is parsed for a list of them.
      to: { name: '', address: to },
      subject,
      text,
      messageId: `<${id}@${this.domain}>`,
      headers: { 'Auto-Submitted': 'auto-generated' }, // RFC 3834 §5
    };
  }
}

const rejectedBy = (deadline: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const late = () => reject(new Error('the mail server did not answer in time'));
    if (deadline.aborted) late();
    else deadline.addEventListener('abort', late, { once: true });
  });
