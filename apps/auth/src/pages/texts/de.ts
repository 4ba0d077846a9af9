import { sentencesIn } from '../../default-resource-servers.js';
import { emailPages } from './email-pages.js';
import type { ScopeTexts, Texts } from './en.js';

const scopes: ScopeTexts = {
  'sessions:read': 'Sehen, wo Sie angemeldet sind',
  'sessions:end': 'Sie anderswo abmelden',
  'account:password': 'Ihr Passwort ändern',
  openid: 'Ihre Identität bestätigen',
  profile: 'Ihren Namen und Ihr Profil sehen',
  email: 'Ihre E-Mail-Adresse sehen',
  address: 'Ihre Anschrift sehen',
  phone: 'Ihre Telefonnummer sehen',
  roles: 'Sehen, welche Rollen Sie haben',
  groups: 'Sehen, zu welchen Gruppen Sie gehören',
  offline_access: 'Angemeldet bleiben, auch wenn Sie nicht da sind',
};

export const de: Texts = {
  language: 'de',
  scopes: { ...scopes, ...sentencesIn('de') },
  login: {
    title: 'Anmelden',
    continueTo: (client) => `um mit ${client} fortzufahren`,
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    submit: 'Anmelden',
    failed: 'Die E-Mail-Adresse oder das Passwort ist falsch.',
    registered: 'Sie sind registriert. Melden Sie sich an, um fortzufahren.',
    register: 'Konto anlegen',
    noAccount: 'Noch kein Konto?',
    forgotPassword: 'Passwort vergessen?',
    verified: 'Ihre E-Mail-Adresse ist bestätigt. Melden Sie sich an, um fortzufahren.',
    passwordReset:
      'Ihr Passwort ist geändert, und Sie sind überall abgemeldet. Melden Sie sich an, um fortzufahren.',
  },
  ...emailPages.de,
  registration: {
    title: 'Konto anlegen',
    submit: 'Konto anlegen',
    passwordHint: 'Mindestens 8 Zeichen. Einige Wörter ergeben ein gutes Passwort.',
    emailFailed: 'Das ist keine E-Mail-Adresse.',
    login: 'Anmelden',
    hasAccount: 'Schon ein Konto?',
  },
  password: {
    title: 'Passwort',
    current: 'Aktuelles Passwort',
    replacement: 'Neues Passwort',
    submit: 'Passwort ändern',
    effect: 'Das meldet Sie überall sonst ab.',
    changed: 'Ihr Passwort ist geändert. Überall sonst sind Sie abgemeldet.',
    wrong: 'Das aktuelle Passwort ist falsch.',
    rules: {
      length: 'Das Passwort muss 8 bis 128 Zeichen haben.',
      common:
        'Dieses Passwort ist eines der häufigsten. Wählen Sie eines, das andere nicht erraten.',
      email: 'Das Passwort darf nicht Ihre E-Mail-Adresse sein.',
    },
  },
  consent: {
    title: (client) => `${client} bittet um Zugriff`,
    account: (email) => `Sie sind als ${email} angemeldet.`,
    scopesIntro: 'Wenn Sie es erlauben, darf diese Anwendung:',
    allow: 'Erlauben',
    deny: 'Nicht erlauben',
    canRemoveLater: 'Sie können den Zugriff jederzeit in Ihrem Konto entziehen.',
    returnsTo: (host) => `Beide Antworten führen Sie zurück zu ${host}.`,
  },
  selectAccount: {
    title: 'Konto wählen',
    continueWithAccount: 'Mit diesem Konto fortfahren',
    useAnotherAccount: 'Ein anderes Konto verwenden',
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
  logout: {
    title: 'Abmelden?',
    signedInAs: (email) => `Sie sind als ${email} angemeldet.`,
    requestedBy: (client) => `${client} möchte Sie abmelden.`,
    effect: 'Das beendet die Sitzung dieses Browsers, in allen Anwendungen, die sie benutzen.',
    confirm: 'Abmelden',
    cancel: 'Angemeldet bleiben',
  },
  signedOut: {
    title: 'Sie sind abgemeldet',
    text: 'Die Sitzung dieses Browsers ist beendet. Sie können diese Seite schließen.',
    signIn: 'Wieder anmelden',
  },
  returnRefused: {
    post_logout_redirect_uri:
      'Die Anwendung wollte Sie an eine Adresse schicken, die nicht für sie registriert ist (post_logout_redirect_uri). Zu Ihrer Sicherheit werden Sie nicht dorthin geschickt.',
    client_id:
      'Die Anwendung wollte Sie an ihre Adresse schicken, hat aber keine Anwendung genannt, die hier registriert ist (client_id oder id_token_hint). Zu Ihrer Sicherheit werden Sie nicht dorthin geschickt.',
    id_token_hint:
      'Die Anwendung wollte Sie an ihre Adresse schicken, aber ihr id_token_hint ist gefälscht oder gehört zu einer anderen oder gesperrten Anwendung. Zu Ihrer Sicherheit werden Sie nicht dorthin geschickt.',
  },
  parameter: {
    missing: (name) => `Der Parameter ${name} fehlt.`,
    repeated: (name) => `Der Parameter ${name} wurde mehrmals gesendet.`,
    invalid: (name) => `Der Parameter ${name} ist nicht gültig.`,
    presented: (name) => `${name} in der Anfrage`,
    registered: (name) => `${name}, wie registriert`,
    none: 'keine',
    developmentOnly:
      'Diese Seite zeigt diese Werte, weil der Server an einer Loopback-Adresse und nicht im Produktivbetrieb läuft.',
  },
  errors: {
    invalidRequest: {
      title: 'Diese Anfrage lässt sich nicht beantworten',
      text: 'Die Anwendung hat Sie mit einer ungültigen Anfrage hierher geschickt. Gehen Sie zur Anwendung zurück, und versuchen Sie es noch einmal.',
    },
    unknownClient: {
      title: 'Diese Anwendung ist hier nicht bekannt',
      text: 'Die Anwendung, die Sie hierher geschickt hat, ist bei diesem Server nicht registriert, oder der Betreiber hat sie gesperrt (client_id). Zu Ihrer Sicherheit wurden Sie nicht zurückgeschickt.',
    },
    unregisteredRedirectUri: {
      title: 'Die Rückkehradresse ist nicht registriert',
      text: 'Die Anwendung wollte Sie an eine Adresse schicken, die nicht für sie registriert ist (redirect_uri). Zu Ihrer Sicherheit wurden Sie nicht dorthin geschickt. Der Betreiber der Anwendung kann diese Adresse registrieren, Zeichen für Zeichen.',
    },
    expired: {
      title: 'Diese Anmeldung ist abgelaufen',
      text: 'Sie haben 30 Minuten Zeit, sich anzumelden. Gehen Sie zur Anwendung zurück, und beginnen Sie von vorn.',
    },
    invalidTicket: {
      title: 'Diese Anmeldung ist nicht gültig',
      text: 'Die Adresse ist unvollständig, oder sie kommt nicht von diesem Server. Gehen Sie zur Anwendung zurück, und beginnen Sie von vorn.',
    },
    foreignForm: {
      title: 'Diese Seite ist nicht mehr aktuell',
      text: 'Das Formular wurde nicht in diesem Browser geöffnet, oder der Browser hat seine Cookies gelöscht. Öffnen Sie die Seite noch einmal, und wiederholen Sie Ihre Eingabe.',
    },
    foreignOrigin: {
      title: 'Dieses Formular kam von einer anderen Adresse',
      text: 'Zu Ihrer Sicherheit nimmt dieser Server nur Formulare seiner eigenen Seiten an.',
    },
    registrationClosed: {
      title: 'Die Registrierung ist geschlossen',
      text: 'Sie können hier nicht selbst ein Konto anlegen. Bitten Sie den Betreiber dieses Servers um ein Konto.',
    },
    invitationInvalid: {
      title: 'Sie brauchen eine Einladung',
      text: 'Die Einladung fehlt, ist falsch, benutzt oder abgelaufen. Öffnen Sie den Link Ihrer Einladung, oder bitten Sie den Betreiber dieses Servers um eine neue.',
    },
    busy: {
      title: 'Zu viele Versuche',
      text: 'Es gab zu viele Versuche, oder zu viele Menschen melden sich gerade an.',
    },
    notFound: {
      title: 'Hier ist nichts',
      text: 'Die Adresse ist falsch, oder die Seite gibt es nicht mehr.',
    },
    unavailable: {
      title: 'Der Server ist nicht erreichbar',
      text: 'Der Server kann im Augenblick nicht antworten.',
    },
    fault: {
      title: 'Etwas ist schiefgegangen',
      text: 'Der Fehler liegt bei uns. Versuchen Sie es später noch einmal.',
    },
  },
  ways: {
    account: 'Zu Ihrem Konto',
    signIn: 'Anmelden',
    retry: 'Noch einmal versuchen',
    reopen: 'Die Seite noch einmal öffnen',
    openAt: (address) => `${address} öffnen`,
    backTo: (client) => `Zurück zu ${client}`,
  },
  retryIn: (duration) => `Versuchen Sie es in ${duration} noch einmal.`,
  origins: (origin, issuer) =>
    `Das Formular kam von ${origin ?? 'einer anderen Website'}. Die Adresse dieses Servers ist ${issuer}.`,
  reference: (id) => `Kennung: ${id}`,
};
