export const MESSAGE_LANGUAGES = ['en', 'de'] as const;
export type MessageLanguage = (typeof MESSAGE_LANGUAGES)[number];

/**
 * The mails with a link. A person requests them on a page or by API, except `restore_email`, which tells the owner of the previous
 * address. `address_taken`: the address has an account, so nothing was changed.
 */
export type ActionMessageKind =
  | 'register'
  | 'verify_email'
  | 'change_email'
  | 'reset_password'
  | 'restore_email'
  | 'address_taken';

export interface ActionMessageDetails {
  /** Of the page that confirms, or of the page for a forgotten password. */
  readonly link: string;
  /** 8 digits. */
  readonly code: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

interface ActionText {
  readonly subject: string;
  readonly text: (details: ActionMessageDetails) => string;
}

const confirmEn =
  (intro: string, orLink: string, ending: string) => (details: ActionMessageDetails) =>
    `Hello,

${intro}

    ${formatCode(details.code)}

${orLink}

    ${details.link}

Code and link work once, until ${formatTime(details.expiresAt)}. Do not give them to another person.

${ending}
`;

const confirmDe =
  (intro: string, orLink: string, ending: string) => (details: ActionMessageDetails) =>
    `Guten Tag,

${intro}

    ${formatCode(details.code)}

${orLink}

    ${details.link}

Code und Link gelten einmal, bis ${formatTime(details.expiresAt)}. Geben Sie beides nicht weiter.

${ending}
`;

const en: Record<ActionMessageKind, ActionText> = {
  register: {
    subject: 'Confirm your e-mail address',
    text: confirmEn(
      'Enter this code on the page on which you created your account:',
      'Or open this link, and enter the password that you chose:',
      'If you did not create an account, ignore this message. Without your confirmation there is no account.',
    ),
  },
  verify_email: {
    subject: 'Confirm your e-mail address',
    text: confirmEn(
      'Enter this code on the page on which you created your account or asked for this message:',
      'Or open this link, and enter your password:',
      'If you did not create an account, ignore this message. Do not enter a code that you did not ask for.',
    ),
  },
  change_email: {
    subject: 'Confirm your new e-mail address',
    text: confirmEn(
      'Enter this code on the page on which you asked for the change of your e-mail address:',
      'Or open this link, and enter your password:',
      'If you did not ask for this, ignore this message. Then nothing changes.',
    ),
  },
  reset_password: {
    subject: 'Choose a new password',
    text: ({ link, expiresAt }) => `Hello,

Open this link to choose a new password:

    ${link}

It works once, until ${formatTime(expiresAt)}. Do not give it to another person.

If you did not ask for it, ignore this message. Your password stays as it is.
`,
  },
  restore_email: {
    subject: 'Your e-mail address was changed',
    text: ({ link, expiresAt }) => `Hello,

The e-mail address of your account was changed from this address to another one. All other sessions were ended.

If that was you, there is nothing to do.

If it was not, open this link, and choose a new password. Then this address is the address of your account again, and every
session ends:

    ${link}

It works once, until ${formatTime(expiresAt)}. Do not give it to another person.
`,
  },
  address_taken: {
    subject: 'You already have an account',
    text: ({ link }) => `Hello,

Your e-mail address was entered for a new account, or as the new address of another account. It already has an account.
Nothing was changed.

If that was you, sign in. If you do not know your password, you can choose a new one:

    ${link}

If it was not you, ignore this message.
`,
  },
};

const de: Record<ActionMessageKind, ActionText> = {
  register: {
    subject: 'Bestätigen Sie Ihre E-Mail-Adresse',
    text: confirmDe(
      'geben Sie diesen Code auf der Seite ein, auf der Sie Ihr Konto angelegt haben:',
      'Oder öffnen Sie diesen Link, und geben Sie das Passwort ein, das Sie gewählt haben:',
      'Wenn Sie kein Konto angelegt haben, ist nichts zu tun. Ohne Ihre Bestätigung entsteht kein Konto.',
    ),
  },
  verify_email: {
    subject: 'Bestätigen Sie Ihre E-Mail-Adresse',
    text: confirmDe(
      'geben Sie diesen Code auf der Seite ein, auf der Sie Ihr Konto angelegt oder diese Nachricht angefordert haben:',
      'Oder öffnen Sie diesen Link, und geben Sie Ihr Passwort ein:',
      'Wenn Sie kein Konto angelegt haben, ist nichts zu tun. Geben Sie keinen Code ein, den Sie nicht angefordert haben.',
    ),
  },
  change_email: {
    subject: 'Bestätigen Sie Ihre neue E-Mail-Adresse',
    text: confirmDe(
      'geben Sie diesen Code auf der Seite ein, auf der Sie die Änderung Ihrer E-Mail-Adresse verlangt haben:',
      'Oder öffnen Sie diesen Link, und geben Sie Ihr Passwort ein:',
      'Wenn Sie das nicht verlangt haben, ist nichts zu tun. Dann ändert sich nichts.',
    ),
  },
  reset_password: {
    subject: 'Wählen Sie ein neues Passwort',
    text: ({ link, expiresAt }) => `Guten Tag,

öffnen Sie diesen Link, um ein neues Passwort zu wählen:

    ${link}

Er gilt einmal, bis ${formatTime(expiresAt)}. Geben Sie ihn nicht weiter.

Wenn Sie ihn nicht angefordert haben, ist nichts zu tun. Ihr Passwort bleibt, wie es ist.
`,
  },
  restore_email: {
    subject: 'Ihre E-Mail-Adresse wurde geändert',
    text: ({ link, expiresAt }) => `Guten Tag,

die E-Mail-Adresse Ihres Kontos wurde geändert: von dieser Adresse zu einer anderen. Alle anderen Sitzungen wurden beendet.

Wenn Sie das waren, ist nichts zu tun.

Wenn Sie es nicht waren, öffnen Sie diesen Link, und wählen Sie ein neues Passwort. Dann ist diese Adresse wieder die Adresse
Ihres Kontos, und alle Sitzungen enden:

    ${link}

Er gilt einmal, bis ${formatTime(expiresAt)}. Geben Sie ihn nicht weiter.
`,
  },
  address_taken: {
    subject: 'Sie haben schon ein Konto',
    text: ({ link }) => `Guten Tag,

Ihre E-Mail-Adresse wurde für ein neues Konto eingegeben, oder als neue Adresse eines anderen Kontos. Sie hat schon ein
Konto. Es wurde nichts geändert.

Wenn Sie das waren, melden Sie sich an. Wenn Sie Ihr Passwort nicht wissen, können Sie ein neues wählen:

    ${link}

Wenn Sie es nicht waren, ist nichts zu tun.
`,
  },
};

const TEXTS = { en, de };

/** @returns subject and plain text */
export function buildActionText(
  kind: ActionMessageKind,
  language: MessageLanguage,
  details: ActionMessageDetails,
): { readonly subject: string; readonly text: string } {
  const { subject, text } = TEXTS[language][kind];
  return { subject, text: text(details) };
}

/** `1234 5678`. */
const formatCode = (code: string): string => `${code.slice(0, 4)} ${code.slice(4)}`;

/** In UTC, because the server does not know the time zone of the person. */
const formatTime = (instant: number): string =>
  `${new Date(instant).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
