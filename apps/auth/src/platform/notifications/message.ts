import type { ActionMessageKind } from './action-message.js';
import type {
  DueNotification,
  NotificationDetail,
  NotificationKind,
} from './notification.repository.js';

/** The order matters: the `User-Agent` of Edge also contains `Chrome`, and that of Chrome also contains `Safari`. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|HeadlessChrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\b(iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\b(Macintosh|Mac OS X)\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/** Maps a `User-Agent` to names from our lists. The client chose the header freely, so a message must not repeat its text. */
export function parseBrowserAndSystem(userAgent: string | null | undefined): readonly string[] {
  const findName = (names: typeof BROWSERS) =>
    names.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1];
  return [findName(BROWSERS), findName(SYSTEMS)].filter((name) => name !== undefined);
}

/** `Firefox on Linux`. */
export const describeDevice = (userAgent: string | null | undefined): string =>
  parseBrowserAndSystem(userAgent).join(' on ') || 'an unknown device';

/**
 * Plain text. Only a mail that the person has just requested contains a link: an owner who is used to links in our mail would also
 * follow the links of phishing mail.
 */
export interface Message {
  /** The id of the notification or of the e-mail action, the same at every attempt. */
  readonly id: string;
  readonly kind: NotificationKind | ActionMessageKind;
  /** undefined if the address has no account yet. */
  readonly accountId: string | undefined;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

interface MessageDetails {
  readonly when: string;
  readonly device: string;
}

const TEXTS: Record<
  NotificationKind,
  { readonly subject: string; readonly text: (details: MessageDetails) => string }
> = {
  refresh_token_reused: {
    subject: 'We ended one of your sessions',
    text: ({ when, device }) => `Hello,

on ${when}, a copy of the credentials that keep you logged in was used. We cannot distinguish the copy from the original,
so we ended that session for both.

The session began on: ${device}

What to do:
- Log in again as you always do.
- If you do not recognise the session, or this happens again, change your password. That ends all other sessions.
- Look for software on your device that you did not install.

We never ask for your password by mail, and this message contains no link.
`,
  },
  password_changed: {
    subject: 'Your password was changed',
    text: ({ when }) => `Hello,

on ${when}, the password of your account was changed. All other sessions were ended.

If that was you, there is nothing to do.

If it was not:
- Tell the operator of this service at once: they can set another password and end every session.
- Change the password of your mail account, and of every place where you used the same one.

We never ask for your password by mail, and this message contains no link.
`,
  },
  account_deleted: {
    subject: 'Your account was deleted',
    text: ({ when }) => `Hello,

on ${when}, your account was deleted, as its owner asked. All sessions were ended. This is the last message about it.

If that was not you:
- Tell the operator of this service at once. The account cannot be restored.
- Change the password of your mail account, and of every place where you used the same one.

Applications may keep records that the law requires, such as invoices.

We never ask for your password by mail, and this message contains no link.
`,
  },
};

export function buildMessage(notification: DueNotification): Message {
  const { id, kind, accountId, email } = notification;
  const { subject, text } = TEXTS[kind];
  const { to = email, userAgent, origin }: NotificationDetail = JSON.parse(notification.detail);
  const device = describeDevice(userAgent) + (origin ? `, from the network ${origin}` : '');
  return {
    id,
    kind,
    accountId,
    to,
    subject,
    text: text({ when: formatTime(notification), device }),
  };
}

/** In UTC, because the server does not know the owner's time zone. */
const formatTime = ({ createdAt }: DueNotification): string =>
  `${new Date(createdAt).toISOString().slice(0, 16).replace('T', ' at ')} UTC`;
