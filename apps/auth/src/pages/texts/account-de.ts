import type { accountEn } from './account-en.js';

export const accountDe: typeof accountEn = {
  password: {
    title: 'Passwort ändern',
    current: 'Aktuelles Passwort',
    replacement: 'Neues Passwort',
    submit: 'Passwort ändern',
    effect: 'Eine Änderung des Passworts meldet Sie überall sonst ab.',
    changed: 'Ihr Passwort wurde geändert. Sie sind überall sonst abgemeldet.',
    wrong: 'Das aktuelle Passwort ist falsch.',
    rules: {
      length: 'Das Passwort muss 8 bis 128 Zeichen haben.',
      common: 'Dieses Passwort ist zu verbreitet. Wählen Sie eines, das schwer zu erraten ist.',
      email: 'Das Passwort darf nicht Ihre E-Mail-Adresse sein.',
    },
  },
  account: {
    title: 'Ihr Konto',
    signedInAs: (email) => `Angemeldet als ${email}`,
    sessions: 'Wo Sie angemeldet sind',
    thisBrowser: 'Dieser Browser',
    device: (words) => words.join(' unter ') || 'Unbekanntes Gerät',
    lastUsed: (when) => `Benutzt ${when}`,
    signedIn: (when) => `angemeldet ${when}`,
    network: (network) => `Aus ${network}`,
    applications: (names) => `Anwendungen: ${names}`,
    endSession: 'Beenden',
    endSessionOf: (device) => `Die Sitzung von ${device} beenden`,
    endOthers: 'Überall sonst abmelden',
    signOut: 'Abmelden',
    access: 'Anwendungen mit Zugriff',
    allowedSince: (when) => `Erlaubt ${when}`,
    noAccess: 'Keine Anwendung hat Zugriff auf Ihr Konto.',
    removeAccess: 'Zugriff entziehen',
    removeAccessOf: (application) => `${application} den Zugriff entziehen`,
    now: 'gerade eben',
  },
  settings: {
    title: 'Anmeldung und Konto',
    email: { name: 'E-Mail-Adresse', open: 'Adresse ändern' },
    password: { name: 'Passwort', open: 'Passwort ändern' },
    delete: { name: 'Konto', open: 'Konto löschen' },
    back: 'Zurück zu Ihrem Konto',
  },
  emailChange: {
    title: 'E\u2011Mail-Adresse ändern',
    address: 'Neue E-Mail-Adresse',
    submit: 'Code senden',
    effect:
      'Dieser Server sendet einen Code an die neue Adresse. Die Adresse ändert sich, wenn Sie den Code eingeben. Dann sind Sie überall sonst abgemeldet.',
    same: 'Das ist schon Ihre Adresse.',
    changed: 'Ihre E-Mail-Adresse wurde geändert. Sie sind überall sonst abgemeldet.',
  },
  deletion: {
    title: 'Ihr Konto löschen?',
    effects: [
      'Dieser Server löscht Ihre E-Mail-Adresse, Ihr Passwort, Ihr Profil und Ihre Einwilligungen.',
      'Sie werden auf allen Geräten und in allen Anwendungen abgemeldet.',
      'Anwendungen müssen manche Daten aufbewahren, zum Beispiel Bestellungen und Rechnungen. Bitten Sie sie um Löschung, bevor Sie das Konto löschen.',
      'Das lässt sich nicht rückgängig machen. Wenn Sie sich mit derselben Adresse wieder registrieren, erhalten Sie ein neues Konto.',
    ],
    submit: 'Konto löschen',
    cancel: 'Konto behalten',
    done: 'Ihr Konto wurde gelöscht',
    doneText:
      'Sie sind überall abgemeldet. Dieser Server sendet Ihnen zur Bestätigung eine letzte E-Mail.',
  },
};
