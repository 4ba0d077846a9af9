import { ACCOUNT_SCOPES, OPENID_SCOPES } from '../../clients/auth.scopes.js';

/** `npm run docs:check` compares these sentences with those of the resource servers. A scope for services needs none. */
const scopes = {
  ...ACCOUNT_SCOPES,
  ...OPENID_SCOPES,
  'orders:read': 'See your orders',
  'orders:write': 'Place and cancel orders for you',
  'billing:read': 'See your invoices',
  'billing:pay': 'Pay your invoices for you',
  'orders:read:any': 'See all orders: for support staff only',
  'billing:refund': 'Refund payments: for staff only',
  'billing:admin': 'See revenue: for administrators only',
};

/** The sentence of each scope. A language without one of them does not compile. */
export type ScopeTexts = Readonly<Record<string, string> & Record<keyof typeof scopes, string>>;

/** All texts on the pages of this server. */
export const en = {
  language: 'en',
  /** What a client may do, by scope. The consent page shows a scope without a text by its name. */
  scopes: scopes as ScopeTexts,
  login: {
    title: 'Sign in',
    continueTo: (client: string) => `to continue to ${client}`,
    email: 'E-mail address',
    password: 'Password',
    submit: 'Sign in',
    failed: 'The e-mail address or the password is wrong.',
    registered: 'You are registered. Sign in to go on.',
    register: 'Create an account',
    noAccount: 'No account yet?',
  },
  registration: {
    title: 'Create an account',
    submit: 'Create account',
    passwordHint: '8 characters or more. A few words make a good password.',
    emailFailed: 'This is not an e-mail address.',
    passwordFailed:
      'Choose 8 to 128 characters that are not your e-mail address and that others would not guess.',
    login: 'Sign in',
    hasAccount: 'Have an account already?',
  },
  consent: {
    title: (client: string) => `${client} asks for access`,
    account: (email: string) => `You are signed in as ${email}.`,
    scopesIntro: 'If you allow it, this application may:',
    allow: 'Allow',
    deny: 'Do not allow',
    canRemoveLater: 'You can remove the access in your account at any time.',
    returnsTo: (host: string) => `Either answer takes you back to ${host}.`,
  },
  selectAccount: {
    title: 'Choose an account',
    continueWithAccount: 'Continue with this account',
    useAnotherAccount: 'Use another account',
  },
  account: {
    title: 'Your account',
    signedInAs: (email: string) => `Signed in as ${email}`,
    sessions: 'Where you are signed in',
    thisBrowser: 'This browser',
    device: (words: readonly string[]) => words.join(' on ') || 'Unknown device',
    lastUsed: (when: string) => `Used ${when}`,
    signedIn: (when: string) => `signed in ${when}`,
    network: (network: string) => `From ${network}`,
    applications: (names: string) => `Applications: ${names}`,
    endSession: 'End',
    endSessionOf: (device: string) => `End the session of ${device}`,
    endOthers: 'Sign out everywhere else',
    signOut: 'Sign out',
    access: 'Applications with access',
    allowedSince: (when: string) => `Allowed ${when}`,
    noAccess: 'No application has access to your account.',
    removeAccess: 'Remove access',
    removeAccessOf: (application: string) => `Remove access of ${application}`,
    now: 'just now',
  },
  logout: {
    title: 'Sign out?',
    signedInAs: (email: string) => `You are signed in as ${email}.`,
    requestedBy: (client: string) => `${client} asks to sign you out.`,
    effect: 'This ends the session of this browser, in all applications that use it.',
    confirm: 'Sign out',
    cancel: 'Stay signed in',
  },
  signedOut: {
    title: 'You are signed out',
    text: 'The session of this browser has ended. You can close this page.',
    signIn: 'Sign in again',
  },
  errors: {
    invalidRequest: {
      title: 'This request cannot be answered',
      text: 'The application sent you here with an invalid request. Go back to the application, and try again.',
    },
    untrustedClient: {
      title: 'This application is not known here',
      text: 'The application that sent you here is not registered with this server, or asked to send you to an address that is not registered for it. For your safety, you were not sent there.',
    },
    expired: {
      title: 'This took too long',
      text: 'The request has expired. Go back to the application, and start again.',
    },
    foreignForm: {
      title: 'This page is out of date',
      text: 'You have signed in or out since you opened the page, or you did not open it on this server. Go back, reload the page, and try again.',
    },
    registrationClosed: {
      title: 'Registration is closed',
      text: 'You cannot create an account here yourself. Ask the operator of this server for an account.',
    },
    invitationInvalid: {
      title: 'You need an invitation',
      text: 'The invitation is missing, wrong, used or expired. Open the link of your invitation, or ask the operator of this server for a new one.',
    },
    busy: {
      title: 'Too much at once',
      text: 'There were too many attempts, or too many people are signing in right now. Wait a little, and try again.',
    },
    notFound: {
      title: 'There is nothing here',
      text: 'The address is wrong, or the page no longer exists.',
    },
    unavailable: {
      title: 'Not right now',
      text: 'The server cannot answer at the moment. Try again in a minute.',
    },
    fault: {
      title: 'Something went wrong',
      text: 'The error is on our side. Try again later.',
    },
  },
  reference: (id: string) => `Reference: ${id}`,
};

export type Texts = typeof en;
