import type { Texts } from './en.js';

const scopes: Readonly<Record<string, string>> = {
  'sessions:read': 'Sehen, wo Sie angemeldet sind',
  'sessions:end': 'Sie anderswo abmelden',
  'account:password': 'Ihr Passwort ändern',
  openid: 'Sie wiedererkennen',
  profile: 'Ihren Namen und Ihr Profil sehen',
  email: 'Ihre E-Mail-Adresse sehen',
  address: 'Ihre Anschrift sehen',
  phone: 'Ihre Telefonnummer sehen',
  offline_access: 'Angemeldet bleiben, auch wenn Sie nicht da sind',
  'orders:read': 'Ihre Bestellungen sehen',
  'orders:write': 'Für Sie bestellen und stornieren',
  'billing:read': 'Ihre Rechnungen sehen',
  'billing:pay': 'Ihre Rechnungen für Sie bezahlen',
  'orders:read:any': 'Die Bestellungen aller sehen: nur für die Kundenbetreuung',
  'billing:refund': 'Zurückgeben, was jemand bezahlt hat: nur für Mitarbeitende',
  'billing:admin': 'Sehen, was verdient wird: nur für die Verwaltung',
};

export const de: Texts = {
  language: 'de',
  scopes,
  login: {
    title: 'Anmelden',
    to: (client) => `um mit ${client} fortzufahren`,
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    submit: 'Anmelden',
    failed: 'Die E-Mail-Adresse oder das Passwort ist falsch.',
    registered: 'Sie sind registriert. Melden Sie sich an, um fortzufahren.',
    register: 'Konto anlegen',
    noAccount: 'Noch kein Konto?',
  },
  registration: {
    title: 'Konto anlegen',
    submit: 'Konto anlegen',
    passwordHint: 'Mindestens 8 Zeichen. Einige Wörter ergeben ein gutes Passwort.',
    emailFailed: 'Das ist keine E-Mail-Adresse.',
    passwordFailed:
      'Wählen Sie 8 bis 128 Zeichen, die nicht Ihre E-Mail-Adresse sind und die andere nicht erraten.',
    login: 'Anmelden',
    hasAccount: 'Schon ein Konto?',
  },
  consent: {
    title: (client) => `${client} bittet um Zugriff`,
    account: (email) => `Sie sind als ${email} angemeldet.`,
    asks: 'Wenn Sie es erlauben, darf diese Anwendung:',
    allow: 'Erlauben',
    deny: 'Nicht erlauben',
    leads: (host) => `Beide Antworten führen Sie zurück zu ${host}.`,
  },
  selectAccount: {
    title: 'Konto wählen',
    goOn: 'Mit diesem Konto fortfahren',
    another: 'Ein anderes Konto verwenden',
  },
  account: {
    title: 'Ihr Konto',
    signedInAs: (email) => `Angemeldet als ${email}`,
    sessions: 'Wo Sie angemeldet sind',
    thisBrowser: 'Dieser Browser',
    device: (words) => words.join(' unter ') || 'Unbekanntes Gerät',
    used: (when) => `Benutzt ${when}`,
    began: (when) => `angemeldet ${when}`,
    from: (network) => `Aus ${network}`,
    applications: (names) => `Anwendungen: ${names}`,
    end: 'Beenden',
    endOf: (device) => `Die Sitzung von ${device} beenden`,
    endOthers: 'Überall sonst abmelden',
    signOut: 'Abmelden',
    now: 'gerade eben',
  },
  logout: {
    title: 'Abmelden?',
    question: (email) => `Sie sind als ${email} angemeldet.`,
    asks: (client) => `${client} möchte Sie abmelden.`,
    everywhere: 'Das beendet die Sitzung dieses Browsers, in allen Anwendungen, die sie benutzen.',
    confirm: 'Abmelden',
    stay: 'Angemeldet bleiben',
  },
  signedOut: {
    title: 'Sie sind abgemeldet',
    text: 'Die Sitzung dieses Browsers ist beendet. Sie können diese Seite schließen.',
    again: 'Wieder anmelden',
  },
  errors: {
    invalidRequest: {
      title: 'Diese Anfrage lässt sich nicht beantworten',
      text: 'Die Anwendung hat Sie mit einer Anfrage hierher geschickt, die nicht stimmt. Gehen Sie zurück, und versuchen Sie es noch einmal.',
    },
    untrustedClient: {
      title: 'Diese Anwendung ist hier nicht bekannt',
      text: 'Die Anwendung, die Sie hierher geschickt hat, ist bei diesem Server nicht registriert, oder will Sie an einen Ort schicken, der nicht ihrer ist. Zu Ihrer Sicherheit wurden Sie nicht dorthin geschickt.',
    },
    expired: {
      title: 'Das hat zu lange gedauert',
      text: 'Die Anfrage gilt nicht mehr. Gehen Sie zur Anwendung zurück, und beginnen Sie von vorn.',
    },
    foreignForm: {
      title: 'Diese Seite ist nicht mehr aktuell',
      text: 'Sie haben sich seitdem an- oder abgemeldet, oder sie wurde nicht hier geöffnet. Gehen Sie zurück, laden Sie sie neu, und versuchen Sie es noch einmal.',
    },
    busy: {
      title: 'Zu viel auf einmal',
      text: 'Es gab zu viele Versuche, oder zu viele Menschen melden sich gerade an. Warten Sie ein wenig, und versuchen Sie es noch einmal.',
    },
    notFound: {
      title: 'Hier ist nichts',
      text: 'Die Adresse ist falsch, oder was hier war, gibt es nicht mehr.',
    },
    unavailable: {
      title: 'Gerade nicht',
      text: 'Der Server kann im Augenblick nicht antworten. Versuchen Sie es in einer Minute noch einmal.',
    },
    fault: {
      title: 'Etwas ist schiefgegangen',
      text: 'Das liegt an uns, nicht an Ihnen. Versuchen Sie es später noch einmal.',
    },
  },
  reference: (id) => `Kennung: ${id}`,
};
