import { ACCOUNT_SCOPES, OPENID_SCOPES } from '../../clients/auth.scopes.js';
import type { MessageLanguage } from '../../platform/notifications/action-message.js';
import { sentencesIn } from '../../default-resource-servers.js';
import { emailPages } from './email-pages.js';

const scopes = { ...ACCOUNT_SCOPES, ...OPENID_SCOPES };

/** The sentence of each scope of this server. A language without one of them does not compile. */
export type ScopeTexts = Readonly<Record<string, string> & Record<keyof typeof scopes, string>>;

/** All texts on the pages of this server. */
export const en = {
  language: 'en' as MessageLanguage,
  /** What a client may do, by scope. The consent page shows a scope without a text by its name. */
  scopes: { ...scopes, ...sentencesIn('en') } as ScopeTexts,
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
    forgotPassword: 'Forgot your password?',
    verified: 'Your e-mail address is confirmed. Sign in to go on.',
    passwordReset: 'Your password is changed, and you are signed out everywhere. Sign in to go on.',
  },
  ...emailPages.en,
  registration: {
    title: 'Create an account',
    submit: 'Create account',
    passwordHint: '8 characters or more. A few words make a good password.',
    emailFailed: 'This is not an e-mail address.',
    login: 'Sign in',
    hasAccount: 'Have an account already?',
  },
  password: {
    title: 'Password',
    current: 'Current password',
    replacement: 'New password',
    submit: 'Change password',
    effect: 'This signs you out everywhere else.',
    changed: 'Your password is changed. You are signed out everywhere else.',
    wrong: 'The current password is wrong.',
    /** By the rule that a new password breaks. */
    rules: {
      length: 'The password must have 8 to 128 characters.',
      common: 'This password is one of the commonest. Choose one that others would not guess.',
      email: 'The password must not be your e-mail address.',
    },
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
  /** The application asked to send the user somewhere after the logout. */
  returnRefused: {
    post_logout_redirect_uri:
      'The application asked to send you to an address that is not registered for it (post_logout_redirect_uri). For your safety, you are not sent there.',
    client_id:
      'The application asked to send you to its address, but named no application that is registered here (client_id or id_token_hint). For your safety, you are not sent there.',
    id_token_hint:
      'The application asked to send you to its address, but its id_token_hint is forged, or of another or a disabled application. For your safety, you are not sent there.',
  },
  /** `name` is the name of a parameter of the request. */
  parameter: {
    missing: (name: string) => `The parameter ${name} is missing.`,
    repeated: (name: string) => `The parameter ${name} was sent more than once.`,
    invalid: (name: string) => `The parameter ${name} is not valid.`,
    presented: (name: string) => `${name} in the request`,
    registered: (name: string) => `${name} as registered`,
    none: 'none',
    developmentOnly:
      'This page shows these values because the server runs at a loopback address, and not in production.',
  },
  errors: {
    invalidRequest: {
      title: 'This request cannot be answered',
      text: 'The application sent you here with an invalid request. Go back to the application, and try again.',
    },
    unknownClient: {
      title: 'This application is not known here',
      text: 'The application that sent you here is not registered with this server, or the operator disabled it (client_id). For your safety, you were not sent back.',
    },
    unregisteredRedirectUri: {
      title: 'The return address is not registered',
      text: 'The application asked to send you to an address that is not registered for it (redirect_uri). For your safety, you were not sent there. The operator of the application can register this address, character by character.',
    },
    expired: {
      title: 'This sign-in request has expired',
      text: 'You have 30 minutes to sign in. Go back to the application, and start again.',
    },
    invalidTicket: {
      title: 'This sign-in request is not valid',
      text: 'The address is incomplete, or it does not come from this server. Go back to the application, and start again.',
    },
    foreignForm: {
      title: 'This page is out of date',
      text: 'The form was not opened in this browser, or the browser has deleted its cookies. Open the page again, and repeat your input.',
    },
    foreignOrigin: {
      title: 'This form came from another address',
      text: 'For your safety, this server accepts forms of its own pages only.',
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
      title: 'Too many attempts',
      text: 'There were too many attempts, or too many people are signing in right now.',
    },
    notFound: {
      title: 'There is nothing here',
      text: 'The address is wrong, or the page no longer exists.',
    },
    unavailable: {
      title: 'The server is not available',
      text: 'The server cannot answer at the moment.',
    },
    fault: {
      title: 'Something went wrong',
      text: 'The error is on our side. Try again later.',
    },
  },
  /** Links of error pages. */
  ways: {
    account: 'Go to your account',
    signIn: 'Sign in',
    retry: 'Try again',
    reopen: 'Open the page again',
    openAt: (address: string) => `Open ${address}`,
    backTo: (client: string) => `Back to ${client}`,
  },
  retryIn: (duration: string) => `Try again in ${duration}.`,
  origins: (origin: string | undefined, issuer: string) =>
    `The form came from ${origin ?? 'another site'}. The address of this server is ${issuer}.`,
  reference: (id: string) => `Reference: ${id}`,
};

export type Texts = typeof en;
