import type { MessageLanguage } from './action-message.js';
import type { NotificationKind } from './notification.repository.js';

/** What a text names. */
export interface NotificationDetails {
  /** A time in UTC. */
  readonly when: string;
  /** Browser and system; undefined if the server does not know them. */
  readonly device: string | undefined;
  /** The network of the session. */
  readonly network: string | undefined;
}

interface NotificationText {
  readonly subject: string;
  readonly text: (details: NotificationDetails) => string;
}

type NotificationTexts = Record<NotificationKind, NotificationText>;

const NO_LINK = 'We never ask for your password by mail, and this message contains no link.';

const en: NotificationTexts = {
  refresh_token_reused: {
    subject: 'We ended one of your sessions',
    text: ({ when, device = 'an unknown device', network }) => `Hello,

On ${when}, a copy of the credentials that keep you signed in was used. This server cannot distinguish the copy from the
original, so it ended that session for both.

The session began on: ${device}${network === undefined ? '' : `, from the network ${network}`}

What to do:
- Sign in again as you always do.
- If you do not recognise the session, or this happens again, change your password. That ends all other sessions.
- Look for software on your device that you did not install.

${NO_LINK}
`,
  },
  password_changed: {
    subject: 'Your password was changed',
    text: ({ when }) => `Hello,

On ${when}, the password of your account was changed. All other sessions were ended.

If that was you, there is nothing to do.

If it was not:
- Open the sign-in page of this service yourself, and choose "Forgot your password?". A new password ends every session.
- Change the password of your mail account, and of every place where you used the same one.

${NO_LINK}
`,
  },
  email_changed: {
    subject: 'Your e-mail address was changed',
    text: ({ when }) => `Hello,

On ${when}, the e-mail address of your account was changed from this address to another one. All other sessions were ended.

If that was you, there is nothing to do.

If it was not, tell the operator of this service at once.

${NO_LINK}
`,
  },
  account_deleted: {
    subject: 'Your account was deleted',
    text: ({ when }) => `Hello,

On ${when}, your account was deleted, because a signed-in user asked for it. All sessions were ended. This is the last
message about this account.

If that was not you:
- Tell the operator of this service at once. The account cannot be restored.
- Change the password of your mail account, and of every place where you used the same one.

Applications may have to keep records, such as invoices.

${NO_LINK}
`,
  },
};

const NO_LINK_DE =
  'Wir fragen nie per E-Mail nach Ihrem Passwort, und diese Nachricht enthält keinen Link.';

const de: NotificationTexts = {
  refresh_token_reused: {
    subject: 'Wir haben eine Ihrer Sitzungen beendet',
    text: ({ when, device = 'einem unbekannten Gerät', network }) => `Guten Tag,

am ${when} wurde eine Kopie der Daten benutzt, mit denen Sie angemeldet bleiben. Dieser Server kann die Kopie nicht vom
Original unterscheiden. Er hat die Sitzung deshalb für beide beendet.

Die Sitzung begann auf: ${device}${network === undefined ? '' : `, im Netz ${network}`}

Was Sie tun können:
- Melden Sie sich wie gewohnt wieder an.
- Wenn Sie die Sitzung nicht kennen, oder wenn es wieder geschieht, ändern Sie Ihr Passwort. Das beendet alle anderen Sitzungen.
- Suchen Sie auf Ihrem Gerät nach Programmen, die Sie nicht installiert haben.

${NO_LINK_DE}
`,
  },
  password_changed: {
    subject: 'Ihr Passwort wurde geändert',
    text: ({ when }) => `Guten Tag,

am ${when} wurde das Passwort Ihres Kontos geändert. Alle anderen Sitzungen wurden beendet.

Wenn Sie das waren, ist nichts zu tun.

Wenn Sie es nicht waren:
- Öffnen Sie selbst die Anmeldeseite dieses Dienstes, und wählen Sie „Passwort vergessen?“. Ein neues Passwort beendet alle Sitzungen.
- Ändern Sie das Passwort Ihres E-Mail-Kontos, und überall, wo Sie dasselbe Passwort benutzt haben.

${NO_LINK_DE}
`,
  },
  email_changed: {
    subject: 'Ihre E-Mail-Adresse wurde geändert',
    text: ({ when }) => `Guten Tag,

am ${when} wurde die E-Mail-Adresse Ihres Kontos geändert: von dieser Adresse zu einer anderen. Alle anderen Sitzungen
wurden beendet.

Wenn Sie das waren, ist nichts zu tun.

Wenn Sie es nicht waren, benachrichtigen Sie sofort den Betreiber dieses Dienstes.

${NO_LINK_DE}
`,
  },
  account_deleted: {
    subject: 'Ihr Konto wurde gelöscht',
    text: ({ when }) => `Guten Tag,

am ${when} wurde Ihr Konto gelöscht, weil ein angemeldeter Benutzer es verlangt hat. Alle Sitzungen wurden beendet. Das ist
die letzte Nachricht über dieses Konto.

Wenn Sie es nicht waren:
- Benachrichtigen Sie sofort den Betreiber dieses Dienstes. Das Konto lässt sich nicht wiederherstellen.
- Ändern Sie das Passwort Ihres E-Mail-Kontos, und überall, wo Sie dasselbe Passwort benutzt haben.

Anwendungen müssen manche Daten aufbewahren, zum Beispiel Rechnungen.

${NO_LINK_DE}
`,
  },
};

/** Plain text without links: an owner who is used to links in our mail would also follow the links of phishing mail. */
export const NOTIFICATION_TEXTS: Record<MessageLanguage, NotificationTexts> = { en, de };
