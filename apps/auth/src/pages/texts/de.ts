import { sentencesIn } from '../../default-resource-servers.js';
import { accountDe } from './account-de.js';
import { emailPages } from './email-pages.js';
import type { ScopeTexts, Texts } from './en.js';

const scopes: ScopeTexts = {
  'sessions:read': 'Sehen, wo Sie angemeldet sind',
  'sessions:end': 'Sie auf anderen Geräten abmelden',
  'account:password': 'Ihr Passwort ändern',
  'account:email': 'Ihre E-Mail-Adresse ändern',
  'account:delete': 'Ihr Konto löschen',
  openid: 'Ihre Identität bestätigen',
  profile: 'Ihren Namen und Ihr Profil sehen',
  email: 'Ihre E-Mail-Adresse sehen',
  address: 'Ihre Anschrift sehen',
  phone: 'Ihre Telefonnummer sehen',
  roles: 'Sehen, welche Rollen Sie haben',
  groups: 'Sehen, zu welchen Gruppen Sie gehören',
  offline_access: 'Zugriff behalten, auch wenn Sie die Anwendung nicht benutzen',
};

export const de: Texts = {
  language: 'de',
  ...accountDe,
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
    noAccount: 'Haben Sie noch kein Konto?',
    forgotPassword: 'Passwort vergessen?',
    verified: 'Ihre E-Mail-Adresse ist bestätigt. Melden Sie sich an, um fortzufahren.',
    passwordReset:
      'Ihr Passwort wurde geändert, und Sie sind überall abgemeldet. Melden Sie sich an, um fortzufahren.',
  },
  ...emailPages.de,
  registration: {
    title: 'Konto anlegen',
    submit: 'Konto anlegen',
    passwordHint: 'Mindestens 8 Zeichen. Mehrere zufällige Wörter ergeben ein gutes Passwort.',
    emailFailed: 'Geben Sie eine E-Mail-Adresse ein, zum Beispiel name@example.com.',
    login: 'Anmelden',
    hasAccount: 'Haben Sie schon ein Konto?',
  },
  consent: {
    title: (client) => `${client} bittet um Zugriff`,
    account: (email) => `Sie sind als ${email} angemeldet.`,
    scopesIntro: 'Wenn Sie es erlauben, darf diese Anwendung:',
    allow: 'Erlauben',
    deny: 'Nicht erlauben',
    canRemoveLater: 'Sie können den Zugriff jederzeit in Ihrem Konto entziehen.',
    returnsTo: (host) => `Nach Ihrer Antwort kehren Sie zu ${host} zurück.`,
  },
  selectAccount: {
    title: 'Konto wählen',
    continueWithAccount: 'Mit diesem Konto fortfahren',
    useAnotherAccount: 'Ein anderes Konto verwenden',
  },
  logout: {
    title: 'Abmelden?',
    signedInAs: (email) => `Sie sind als ${email} angemeldet.`,
    requestedBy: (client) => `${client} möchte Sie abmelden.`,
    effect: 'Das meldet Sie in diesem Browser ab und in den Anwendungen, die Sie darin benutzen.',
    confirm: 'Abmelden',
    cancel: 'Angemeldet bleiben',
  },
  signedOut: {
    title: 'Sie sind abgemeldet',
    text: 'Ihre Sitzung in diesem Browser ist beendet. Sie können diese Seite schließen.',
    signIn: 'Wieder anmelden',
  },
  returnRefused: {
    post_logout_redirect_uri:
      'Die Anwendung bat diesen Server, Sie an eine Adresse zu schicken, die nicht für sie registriert ist (post_logout_redirect_uri). Zu Ihrer Sicherheit hat der Server Sie nicht dorthin geschickt.',
    client_id:
      'Die Anwendung bat diesen Server, Sie an ihre Adresse zu schicken, nannte aber keine registrierte Anwendung (client_id oder id_token_hint). Zu Ihrer Sicherheit hat der Server Sie nicht dorthin geschickt.',
    id_token_hint:
      'Die Anwendung bat diesen Server, Sie an ihre Adresse zu schicken, aber ihr id_token_hint ist gefälscht oder gehört zu einer anderen oder gesperrten Anwendung. Zu Ihrer Sicherheit hat der Server Sie nicht dorthin geschickt.',
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
      title: 'Die Anfrage ist ungültig',
      text: 'Die Anwendung hat eine ungültige Anfrage gesendet. Gehen Sie zur Anwendung zurück, und versuchen Sie es noch einmal.',
    },
    unknownClient: {
      title: 'Diese Anwendung ist nicht registriert',
      text: 'Die Anwendung, die Sie hierher geschickt hat, ist bei diesem Server nicht registriert, oder der Betreiber hat sie gesperrt (client_id). Zu Ihrer Sicherheit hat der Server Sie nicht zurückgeschickt.',
    },
    unregisteredRedirectUri: {
      title: 'Die Rückkehradresse ist nicht registriert',
      text: 'Die Anwendung bat diesen Server, Sie an eine Adresse zu schicken, die nicht für sie registriert ist (redirect_uri). Zu Ihrer Sicherheit hat der Server Sie nicht dorthin geschickt. Der Betreiber der Anwendung muss genau diese Adresse registrieren.',
    },
    expired: {
      title: 'Diese Anmeldung ist abgelaufen',
      text: 'Eine Anmeldung muss innerhalb von 30 Minuten beendet sein. Gehen Sie zur Anwendung zurück, und beginnen Sie von vorn.',
    },
    invalidTicket: {
      title: 'Diese Anmeldung ist nicht gültig',
      text: 'Die Adresse ist unvollständig, oder sie kommt nicht von diesem Server. Gehen Sie zur Anwendung zurück, und beginnen Sie von vorn.',
    },
    foreignForm: {
      title: 'Diese Seite ist nicht mehr aktuell',
      text: 'Das Formular wurde nicht in diesem Browser geöffnet, oder der Browser hat seine Cookies gelöscht. Öffnen Sie die Seite noch einmal, und geben Sie Ihre Daten noch einmal ein.',
    },
    foreignOrigin: {
      title: 'Dieses Formular kam von einer anderen Adresse',
      text: 'Zu Ihrer Sicherheit nimmt dieser Server nur Formulare seiner eigenen Seiten an.',
    },
    registrationClosed: {
      title: 'Die Registrierung ist geschlossen',
      text: 'Sie können nicht selbst ein Konto anlegen. Bitten Sie den Betreiber dieses Servers um ein Konto.',
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
      title: 'Seite nicht gefunden',
      text: 'Die Adresse ist falsch, oder die Seite gibt es nicht mehr.',
    },
    unavailable: {
      title: 'Der Server ist nicht erreichbar',
      text: 'Der Server kann im Augenblick nicht antworten. Versuchen Sie es später noch einmal.',
    },
    fault: {
      title: 'Ein Fehler ist aufgetreten',
      text: 'Der Server hat einen internen Fehler. Versuchen Sie es später noch einmal.',
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
