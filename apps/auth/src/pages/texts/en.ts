import { ACCOUNT_SCOPES, OPENID_SCOPES } from '../../clients/auth.scopes.js';
import type { MessageLanguage } from '../../platform/notifications/action-message.js';
import { sentencesIn } from '../../default-resource-servers.js';
import { accountEn } from './account-en.js';
import { emailPages } from './email-pages.js';

const scopes = { ...ACCOUNT_SCOPES, ...OPENID_SCOPES };

/** The sentence of each scope of this server. A language without one of them does not compile. */
export type ScopeTexts = Readonly<Record<string, string> & Record<keyof typeof scopes, string>>;

/** All texts on the pages of this server. */
export const en = {
  language: 'en' as MessageLanguage,
  ...accountEn,
  /** What a client may do, by scope. The consent page shows a scope without a text by its name. */
  scopes: { ...scopes, ...sentencesIn('en') } as ScopeTexts,
  login: {
    title: 'Sign in',
    continueTo: (client: string) => `to continue to ${client}`,
    email: 'E-mail address',
    password: 'Password',
    submit: 'Sign in',
    failed: 'The e-mail address or the password is wrong.',
    registered: 'You are registered. Sign in to continue.',
    register: 'Create an account',
    noAccount: 'No account yet?',
    forgotPassword: 'Forgot your password?',
    verified: 'Your e-mail address is confirmed. Sign in to continue.',
    passwordReset:
      'Your password was changed, and you are signed out everywhere. Sign in to continue.',
  },
  ...emailPages.en,
  registration: {
    title: 'Create an account',
    submit: 'Create account',
    passwordHint: 'Use 8 characters or more. Several random words make a good password.',
    emailFailed: 'Enter an e-mail address, such as name@example.com.',
    login: 'Sign in',
    hasAccount: 'Already have an account?',
  },
  consent: {
    title: (client: string) => `${client} asks for access`,
    account: (email: string) => `You are signed in as ${email}.`,
    scopesIntro: 'If you allow it, this application may:',
    allow: 'Allow',
    deny: 'Do not allow',
    canRemoveLater: 'You can remove the access in your account at any time.',
    returnsTo: (host: string) => `After your answer, you return to ${host}.`,
  },
  selectAccount: {
    title: 'Choose an account',
    continueWithAccount: 'Continue with this account',
    useAnotherAccount: 'Use another account',
  },
  logout: {
    title: 'Sign out?',
    signedInAs: (email: string) => `You are signed in as ${email}.`,
    requestedBy: (client: string) => `${client} asks to sign you out.`,
    effect: 'This signs you out in this browser and in the applications that you use in it.',
    confirm: 'Sign out',
    cancel: 'Stay signed in',
  },
  signedOut: {
    title: 'You are signed out',
    text: 'Your session in this browser has ended. You can close this page.',
    signIn: 'Sign in again',
  },
  /** The application asked to send the user somewhere after the logout. */
  returnRefused: {
    post_logout_redirect_uri:
      'The application asked this server to send you to an address that is not registered for it (post_logout_redirect_uri). For your safety, the server did not send you there.',
    client_id:
      'The application asked this server to send you to its address, but did not name a registered application (client_id or id_token_hint). For your safety, the server did not send you there.',
    id_token_hint:
      'The application asked this server to send you to its address, but its id_token_hint is forged, or belongs to another application or to a disabled one. For your safety, the server did not send you there.',
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
      title: 'The request is not valid',
      text: 'The application sent an invalid request. Go back to the application, and try again.',
    },
    unknownClient: {
      title: 'This application is not registered',
      text: 'The application that sent you here is not registered with this server, or the operator disabled it (client_id). For your safety, the server did not send you back.',
    },
    unregisteredRedirectUri: {
      title: 'The return address is not registered',
      text: 'The application asked this server to send you to an address that is not registered for it (redirect_uri). For your safety, the server did not send you there. The operator of the application must register exactly this address.',
    },
    expired: {
      title: 'This sign-in request has expired',
      text: 'A sign-in request is valid for 30 minutes. Go back to the application, and start again.',
    },
    invalidTicket: {
      title: 'This sign-in request is not valid',
      text: 'The address is incomplete, or it does not come from this server. Go back to the application, and start again.',
    },
    foreignForm: {
      title: 'This page is out of date',
      text: 'The form was not opened in this browser, or the browser has deleted its cookies. Open the page again, and enter your data again.',
    },
    foreignOrigin: {
      title: 'This form came from another address',
      text: 'For your safety, this server accepts forms of its own pages only.',
    },
    registrationClosed: {
      title: 'Registration is closed',
      text: 'You cannot create an account yourself. Ask the operator of this server for an account.',
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
      title: 'Page not found',
      text: 'The address is wrong, or the page no longer exists.',
    },
    unavailable: {
      title: 'The server is not available',
      text: 'The server cannot answer at the moment. Try again later.',
    },
    fault: {
      title: 'An error occurred',
      text: 'The server has an internal error. Try again later.',
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
