import type { DrillName } from '../entries.js';

export interface DrillText {
  readonly title: string;
  readonly button: string;
  /** Two sentences: what happens, and why. */
  readonly why: string;
}

/** A language without a text does not compile. */
export interface ActivityTexts {
  readonly open: string;
  readonly title: string;
  readonly close: string;
  readonly intro: string;
  readonly tokens: string;
  readonly noTokens: string;
  readonly scopes: string;
  readonly noScopes: string;
  readonly expiresIn: (time: string) => string;
  readonly expired: string;
  readonly generation: (count: number) => string;
  readonly firstGeneration: string;
  readonly clicks: string;
  readonly nothingYet: string;
  readonly otherCause: string;
  readonly drillCause: (title: string) => string;
  readonly noAnswer: string;
  readonly milliseconds: (count: number) => string;
  readonly audience: string;
  readonly key: string;
  readonly claims: string;
  readonly refreshed: (generation: number) => string;
  readonly noToken: string;
  readonly drills: string;
  readonly drillsIntro: string;
  readonly noLauncher: string;
  readonly mailbox: string;
  readonly running: string;
  readonly failed: string;
  readonly clock: (seconds: string) => string;
  readonly remaining: (seconds: number) => string;
  readonly drill: Readonly<Record<DrillName, DrillText>>;
  /** By the step that the server reports. */
  readonly steps: Readonly<Record<string, string>>;
}

export const en: ActivityTexts = {
  open: 'What just happened',
  title: 'What just happened',
  close: 'Close',
  intro:
    'Your browser has one cookie and no token. The server of this page holds the tokens, calls the APIs, and shows here what it sent.',
  tokens: 'Access tokens in use',
  noTokens: 'No request has used a token yet.',
  scopes: 'Scopes',
  noScopes: 'none',
  expiresIn: (time) => `expires in ${time}`,
  expired: 'expired: the next request refreshes it',
  generation: (count) =>
    `Generation ${count} of the refresh token. A refresh token is opaque to clients; this demo reads the number out of the token that auth issues.`,
  firstGeneration: 'The refresh token is that of the sign-in. Each refresh replaces it.',
  clicks: 'Your clicks',
  nothingYet: 'Use the page: each click and its requests appear here.',
  otherCause: 'The page',
  drillCause: (title) => `Drill: ${title}`,
  noAnswer: 'no answer',
  milliseconds: (count) => `${count} ms`,
  audience: 'Audience',
  key: 'Signing key',
  claims: 'Claims',
  refreshed: (generation) =>
    `Auth exchanged the refresh token for generation ${generation} and issued a new access token. The previous refresh token is now worthless to a thief.`,
  noToken: 'This request carried no access token.',
  drills: 'Drills',
  drillsIntro: 'Each drill really happens to your session.',
  noLauncher:
    'Two more drills stop auth and rotate its keys. They need the launcher, so they exist under npm start only.',
  mailbox: 'Open the mailbox',
  running: 'Running …',
  failed: 'The drill could not start.',
  clock: (seconds) => `${seconds} s since auth ended the session`,
  remaining: (seconds) => `${seconds} s to go`,
  drill: {
    replay: {
      title: 'Replay an old refresh token',
      button: 'Replay it',
      why: 'This server refreshes twice and then sends the first refresh token again, as a thief would. Auth cannot distinguish thief and owner, so it ends the session for both and tells the owner by e-mail.',
    },
    'end-session': {
      title: 'End this session from another device',
      button: 'End it',
      why: 'This sends the request that your phone would send to sign this browser out. The access token stays correctly signed, and the API refuses it within ten seconds, because it reads the list of ended sessions.',
    },
    'rotate-keys': {
      title: 'Rotate the signing keys',
      button: 'Rotate',
      why: 'Auth signs with the next key from now on. Nothing happens, and that is the point: the APIs know the next key already, and accept tokens of the old key until they expire.',
    },
    'wrong-audience': {
      title: 'Send the orders token to billing',
      button: 'Send it',
      why: 'Each access token names one API as its audience. So an attacker who breaks into one API cannot use your token at another.',
    },
    'stop-auth': {
      title: 'Stop auth for 20 seconds',
      button: 'Stop it',
      why: 'The APIs verify tokens with keys that they have, so orders and invoices work while auth is away. Sign-in, refresh and sign-out wait until it is back.',
    },
  },
  steps: {
    'replay:refused':
      'Auth refused the old refresh token and ended the session. The mail to the owner is on its way.',
    'replay:accepted': 'Auth accepted the old refresh token. That must not happen.',
    'end-session:ended': 'Auth ended the session. The API learns it from the next status list.',
    'end-session:refused': 'The API refuses the token now.',
    'end-session:accepted': 'The API still accepts the token. That must not happen.',
    'rotate-keys:early':
      'The next key may not sign yet, because an API may still have the older key set. Try again later.',
    'rotate-keys:waiting':
      'The next key is published, but an API may still have the older key set. Auth waits, and so does this drill.',
    'rotate-keys:activated': 'The next key signs. The drill sends the token of the old key first.',
    'rotate-keys:accepted': 'The API accepted the tokens of both keys: nothing happened.',
    'rotate-keys:refused': 'The API refused a token. That must not happen.',
    'wrong-audience:refused': 'Billing refused the token of orders.',
    'wrong-audience:accepted': 'Billing accepted the token of orders. That must not happen.',
    'stop-auth:stopped': 'Auth is stopped. Look at your orders: they still work.',
    'stop-auth:back': 'Auth is back. Your session goes on, without another sign-in.',
    unavailable: 'The drill ended early, because a server did not answer as expected.',
  },
};
