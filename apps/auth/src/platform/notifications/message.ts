import type { ActionMessageKind, MessageLanguage } from './action-message.js';
import type {
  DueNotification,
  NotificationDetail,
  NotificationKind,
} from './notification.repository.js';
import { NOTIFICATION_TEXTS } from './notification-texts.js';

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

export function buildMessage(notification: DueNotification): Message {
  const { id, kind, accountId, email } = notification;
  const {
    to = email,
    userAgent,
    origin,
    ...detail
  }: NotificationDetail = JSON.parse(notification.detail);
  const language = detail.language ?? findLanguage(notification);
  const { subject, text } = NOTIFICATION_TEXTS[language][kind];
  const words = parseBrowserAndSystem(userAgent);
  const device = words.length > 0 ? words.join(ON[language]) : undefined;
  const when = formatTime(notification, language);
  const network = origin ?? undefined;
  return { id, kind, accountId, to, subject, text: text({ when, device, network }) };
}

const ON: Record<MessageLanguage, string> = { en: ' on ', de: ' unter ' };
const AT: Record<MessageLanguage, string> = { en: ' at ', de: ' um ' };

/** The language of the claim `locale`; English by default. */
function findLanguage({ claims }: DueNotification): MessageLanguage {
  const { locale }: { readonly locale?: unknown } = JSON.parse(claims ?? '{}');
  return typeof locale === 'string' && /^de\b/i.test(locale) ? 'de' : 'en';
}

/** In UTC, because the server does not know the owner's time zone. */
const formatTime = ({ createdAt }: DueNotification, language: MessageLanguage): string =>
  `${new Date(createdAt).toISOString().slice(0, 16).replace('T', AT[language])} UTC`;
