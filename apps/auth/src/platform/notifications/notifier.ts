import { Injectable, Logger } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import type { Message } from './message.js';

/** How a message reaches the owner of an account. */
export abstract class Notifier {
  /**
   * @param deadline when it fires the attempt is given up: no server may hold up the others' messages
   * @throws {Error} where it is not known to have been accepted
   */
  abstract send(message: Message, deadline: AbortSignal): Promise<void>;
}

/** Where no mail server is configured, the log says what would have been sent; to whom is nobody's business there. */
@Injectable()
export class ConsoleNotifier extends Notifier {
  private readonly logger = new Logger('Notifier');

  send({ kind, accountId }: Message): Promise<void> {
    this.logger.log(
      `no mail server is configured: ${kind} was not sent to the owner of ${accountId}`,
    );
    return Promise.resolve();
  }
}

/** Milliseconds of silence at each step; the caller's deadline covers them all. */
const IDLE_TIMEOUT_MS = 5_000;

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
      await Promise.race([transport.sendMail(this.toMail(message)), rejectOnAbort(deadline)]);
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
      connectionTimeout: IDLE_TIMEOUT_MS,
      greetingTimeout: IDLE_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      dnsTimeout: IDLE_TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  /** The same `Message-ID` at every attempt, by which mailboxes recognise a second copy. */
  private toMail({ id, to, subject, text }: Message) {
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

const rejectOnAbort = (deadline: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const late = () => reject(new Error('the mail server did not answer in time'));
    if (deadline.aborted) late();
    else deadline.addEventListener('abort', late, { once: true });
  });
