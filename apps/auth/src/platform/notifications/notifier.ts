import { Injectable, Logger } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import type { Message } from './message.js';

/** Sends messages to the owners of accounts. */
export abstract class Notifier {
  /**
   * @param deadline aborts the attempt, so that one slow mail server cannot delay the messages of others
   * @throws {Error} unless the message was accepted for certain
   */
  abstract send(message: Message, deadline: AbortSignal): Promise<void>;
}

/** Logs messages when no mail server is configured. The log does not contain the e-mail address. */
@Injectable()
export class ConsoleNotifier extends Notifier {
  private readonly logger = new Logger('Notifier');

  send({ kind, accountId }: Message): Promise<void> {
    const recipient = accountId === undefined ? 'an address' : `the owner of ${accountId}`;
    this.logger.log(`no mail server is configured: ${kind} was not sent to ${recipient}`);
    return Promise.resolve();
  }
}

/** Maximum idle time of each step, in milliseconds. The caller's deadline covers all steps. */
const IDLE_TIMEOUT_MS = 5_000;

export interface SmtpSettings {
  /** `smtps://user:password@host:port`, or `smtp://` for STARTTLS. */
  readonly url: string;
  readonly from: string;
}

/** Sends mail by SMTP, with one connection per message. */
export class SmtpNotifier extends Notifier {
  private readonly domain: string;

  constructor(private readonly settings: SmtpSettings) {
    super();
    this.domain = settings.from.split('@').at(-1) ?? 'localhost';
  }

  async send(message: Message, deadline: AbortSignal): Promise<void> {
    const transport = this.connect();
    const closeTransport = () => transport.close();
    deadline.addEventListener('abort', closeTransport);
    try {
      await Promise.race([transport.sendMail(this.toMail(message)), rejectOnAbort(deadline)]);
    } finally {
      deadline.removeEventListener('abort', closeTransport);
      transport.close();
    }
  }

  /** Requires TLS when the URL has a password, so that the password is never sent in clear text. */
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

  /** Every attempt has the same `Message-ID`, so that mailboxes recognise a second copy. */
  private toMail({ id, to, subject, text }: Message) {
    return {
      from: this.settings.from,
      // An object, because nodemailer would parse a string as a list of addresses.
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
    const rejectNow = () => reject(new Error('the mail server did not answer in time'));
    if (deadline.aborted) rejectNow();
    else deadline.addEventListener('abort', rejectNow, { once: true });
  });
