import { flag, urlWithPassword } from '@gatehouse/service-kit';
import { z } from 'zod';

/** The settings of mails to account owners. */
export const mailSettings = {
  SMTP_URL: urlWithPassword(/^smtps?$/, 'must be an smtp:// or smtps:// URL')
    .optional()
    .describe(
      'Mail server for messages to account owners. Without it, messages are logged and not sent.',
    )
    .meta({ secret: true, format: 'smtp URL' }),
  MAIL_FROM: z
    .email()
    .default('no-reply@gatehouse.example')
    .describe('Sender address of messages to account owners.'),
  DEV_MAILBOX: flag(false)
    .describe(
      'Keeps the latest mails in memory, and shows them at `/dev/mailbox` to callers on this machine. Rejected in production.',
    )
    .meta({ offInProduction: 'the mailbox shows links that are credentials' }),
};
