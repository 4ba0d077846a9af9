import type { ActivityTexts } from './en.js';

export const de: ActivityTexts = {
  open: 'Was gerade geschah',
  title: 'Was gerade geschah',
  close: 'Schließen',
  intro:
    'Ihr Browser hat ein Cookie und kein Token. Der Server dieser Seite hält die Tokens, ruft die APIs auf und zeigt hier, was er gesendet hat.',
  tokens: 'Access-Tokens in Gebrauch',
  noTokens: 'Noch hat keine Anfrage ein Token verwendet.',
  scopes: 'Scopes',
  noScopes: 'keine',
  expiresIn: (time) => `läuft in ${time} ab`,
  expired: 'abgelaufen: die nächste Anfrage erneuert es',
  generation: (count) =>
    `Generation ${count} des Refresh-Tokens. Ein Refresh-Token ist für Clients nicht lesbar; diese Demo liest die Zahl aus dem Token, das Auth ausstellt.`,
  firstGeneration: 'Das Refresh-Token ist das der Anmeldung. Jede Erneuerung ersetzt es.',
  clicks: 'Ihre Klicks',
  nothingYet: 'Benutzen Sie die Seite: jeder Klick und seine Anfragen erscheinen hier.',
  otherCause: 'Die Seite',
  drillCause: (title) => `Übung: ${title}`,
  noAnswer: 'keine Antwort',
  milliseconds: (count) => `${count} ms`,
  audience: 'Audience',
  key: 'Signaturschlüssel',
  claims: 'Claims',
  refreshed: (generation) =>
    `Auth hat das Refresh-Token gegen Generation ${generation} getauscht und ein neues Access-Token ausgestellt. Das vorige Refresh-Token nützt einem Dieb nichts mehr.`,
  noToken: 'Diese Anfrage hatte kein Access-Token.',
  drills: 'Übungen',
  drillsIntro: 'Jede Übung geschieht wirklich mit Ihrer Sitzung.',
  noLauncher:
    'Zwei weitere Übungen halten Auth an und wechseln die Schlüssel. Sie brauchen den Starter, daher gibt es sie nur mit npm start.',
  mailbox: 'Postfach öffnen',
  running: 'Läuft …',
  failed: 'Die Übung konnte nicht beginnen.',
  clock: (seconds) => `${seconds} s, seit Auth die Sitzung beendet hat`,
  remaining: (seconds) => `noch ${seconds} s`,
  drill: {
    replay: {
      title: 'Ein altes Refresh-Token noch einmal senden',
      button: 'Noch einmal senden',
      why: 'Dieser Server erneuert zweimal und sendet dann das erste Refresh-Token noch einmal, wie ein Dieb. Auth kann Dieb und Besitzer nicht unterscheiden, beendet die Sitzung für beide und schreibt dem Besitzer eine E-Mail.',
    },
    'end-session': {
      title: 'Diese Sitzung von einem anderen Gerät beenden',
      button: 'Beenden',
      why: 'Das sendet die Anfrage, mit der Ihr Telefon diesen Browser abmelden würde. Das Access-Token bleibt richtig signiert, und die API weist es binnen zehn Sekunden ab, weil sie die Liste beendeter Sitzungen liest.',
    },
    'rotate-keys': {
      title: 'Die Signaturschlüssel wechseln',
      button: 'Wechseln',
      why: 'Auth signiert ab jetzt mit dem nächsten Schlüssel. Es passiert nichts, und darum geht es: Die APIs kennen den nächsten Schlüssel schon und nehmen Tokens des alten an, bis sie ablaufen.',
    },
    'wrong-audience': {
      title: 'Das Token für Orders an Billing senden',
      button: 'Senden',
      why: 'Jedes Access-Token nennt eine einzige API als Audience. So kann ein Angreifer, der in eine API eindringt, Ihr Token bei keiner anderen verwenden.',
    },
    'stop-auth': {
      title: 'Auth für 20 Sekunden anhalten',
      button: 'Anhalten',
      why: 'Die APIs prüfen Tokens mit Schlüsseln, die sie schon haben, daher gehen Bestellungen und Rechnungen ohne Auth weiter. Anmelden, Erneuern und Abmelden warten, bis es zurück ist.',
    },
  },
  steps: {
    'replay:refused':
      'Auth hat das alte Refresh-Token abgewiesen und die Sitzung beendet. Die E-Mail an den Besitzer ist unterwegs.',
    'replay:accepted': 'Auth hat das alte Refresh-Token angenommen. Das darf nicht geschehen.',
    'end-session:ended':
      'Auth hat die Sitzung beendet. Die API erfährt es aus der nächsten Statusliste.',
    'end-session:refused': 'Die API weist das Token jetzt ab.',
    'end-session:accepted': 'Die API nimmt das Token noch an. Das darf nicht geschehen.',
    'rotate-keys:early':
      'Der nächste Schlüssel darf noch nicht signieren, denn eine API hat vielleicht noch die ältere Liste. Versuchen Sie es später.',
    'rotate-keys:waiting':
      'Der nächste Schlüssel ist veröffentlicht, aber eine API hat vielleicht noch die ältere Liste. Auth wartet, und diese Übung auch.',
    'rotate-keys:activated':
      'Der nächste Schlüssel signiert. Die Übung sendet zuerst das Token des alten Schlüssels.',
    'rotate-keys:accepted':
      'Die API hat Tokens beider Schlüssel angenommen: Es ist nichts passiert.',
    'rotate-keys:refused': 'Die API hat ein Token abgewiesen. Das darf nicht geschehen.',
    'wrong-audience:refused': 'Billing hat das Token für Orders abgewiesen.',
    'wrong-audience:accepted':
      'Billing hat das Token für Orders angenommen. Das darf nicht geschehen.',
    'stop-auth:stopped':
      'Auth ist angehalten. Öffnen Sie Ihre Bestellungen: Sie lassen sich weiter ansehen.',
    'stop-auth:back': 'Auth ist zurück. Ihre Sitzung geht weiter, ohne neue Anmeldung.',
    unavailable: 'Die Übung endete vorzeitig, weil ein Server nicht wie erwartet antwortete.',
  },
};
