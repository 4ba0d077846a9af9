/** The texts of the pages that confirm an address, and of those for a forgotten password. */
const en = {
  verification: {
    // U+2011 keeps the word on one line.
    title: 'Confirm your e\u2011mail address',
    sent: 'We sent you a message with a code. It can take a minute to arrive. Look in the spam folder as well.',
    code: 'Code',
    codeHint: '8 digits',
    codeFailed:
      'This code is wrong, or it has expired. After 5 wrong codes you need a new message.',
    submit: 'Confirm',
    later: 'Sign in now, and confirm later',
    linkText: (email: string) => `This confirms that ${email} is your address.`,
    password: 'The password of your account',
    passwordFailed: 'The password is wrong. After 5 wrong passwords you need a new message.',
    invalidTitle: 'This link is not valid',
    invalidText:
      'The link was used, or it has expired, or you asked for a newer message. Open the link of the newest message.',
    notVerified: 'Your e-mail address is not confirmed.',
    send: 'Send a code',
    done: 'Your e-mail address is confirmed.',
  },
  recovery: {
    title: 'Forgot your password?',
    text: 'Enter the e-mail address of your account. We send you a link with which you choose a new password.',
    submit: 'Send the link',
    sentTitle: 'Look into your mailbox',
    sentText: (email: string) =>
      `If ${email} has an account, we sent a message with a link. It works once, for an hour. It can take a minute to arrive. Look in the spam folder as well.`,
    backToLogin: 'Back to sign in',
    resetTitle: 'Choose a new password',
    resetText: (email: string) => `For the account ${email}.`,
    resetEffect: 'This signs you out everywhere.',
    resetSubmit: 'Change password',
    askAgain: 'Send a new link',
  },
};

const de: typeof en = {
  verification: {
    title: 'E\u2011Mail-Adresse bestätigen',
    sent: 'Wir haben Ihnen eine Nachricht mit einem Code geschickt. Sie kann eine Minute brauchen. Sehen Sie auch im Spam-Ordner nach.',
    code: 'Code',
    codeHint: '8 Ziffern',
    codeFailed:
      'Dieser Code ist falsch oder abgelaufen. Nach 5 falschen Codes brauchen Sie eine neue Nachricht.',
    submit: 'Bestätigen',
    later: 'Jetzt anmelden, und später bestätigen',
    linkText: (email) => `Damit bestätigen Sie, dass ${email} Ihre Adresse ist.`,
    password: 'Das Passwort Ihres Kontos',
    passwordFailed:
      'Das Passwort ist falsch. Nach 5 falschen Passwörtern brauchen Sie eine neue Nachricht.',
    invalidTitle: 'Dieser Link ist nicht gültig',
    invalidText:
      'Der Link wurde benutzt, oder er ist abgelaufen, oder Sie haben eine neuere Nachricht angefordert. Öffnen Sie den Link der neuesten Nachricht.',
    notVerified: 'Ihre E-Mail-Adresse ist nicht bestätigt.',
    send: 'Code schicken',
    done: 'Ihre E-Mail-Adresse ist bestätigt.',
  },
  recovery: {
    title: 'Passwort vergessen?',
    text: 'Geben Sie die E-Mail-Adresse Ihres Kontos ein. Wir schicken Ihnen einen Link, mit dem Sie ein neues Passwort wählen.',
    submit: 'Link schicken',
    sentTitle: 'Sehen Sie in Ihr Postfach',
    sentText: (email) =>
      `Wenn ${email} ein Konto hat, haben wir eine Nachricht mit einem Link geschickt. Er gilt einmal, eine Stunde lang. Die Nachricht kann eine Minute brauchen. Sehen Sie auch im Spam-Ordner nach.`,
    backToLogin: 'Zurück zur Anmeldung',
    resetTitle: 'Neues Passwort wählen',
    resetText: (email) => `Für das Konto ${email}.`,
    resetEffect: 'Damit werden Sie überall abgemeldet.',
    resetSubmit: 'Passwort ändern',
    askAgain: 'Neuen Link schicken',
  },
};

export const emailPages = { en, de };
