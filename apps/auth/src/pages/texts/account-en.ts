/** Texts of the account page and of its forms. */
export const accountEn = {
  password: {
    title: 'Change your password',
    current: 'Current password',
    replacement: 'New password',
    submit: 'Change password',
    effect: 'A change of the password signs you out everywhere else.',
    changed: 'Your password was changed. You are signed out everywhere else.',
    wrong: 'The current password is wrong.',
    /** By the rule that a new password breaks. */
    rules: {
      length: 'The password must have 8 to 128 characters.',
      common: 'This password is too common. Choose one that is hard to guess.',
      email: 'The password must not be your e-mail address.',
    },
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
  settings: {
    title: 'Sign-in and account',
    email: { name: 'E-mail address', open: 'Change address' },
    password: { name: 'Password', open: 'Change password' },
    delete: { name: 'Account', open: 'Delete account' },
    back: 'Back to your account',
  },
  emailChange: {
    // U+2011 keeps the word on one line.
    title: 'Change your e\u2011mail address',
    address: 'New e-mail address',
    submit: 'Send code',
    effect:
      'This server sends a code to the new address. The address changes when you enter the code. Then you are signed out everywhere else.',
    same: 'This is your address already.',
    changed: 'Your e-mail address was changed. You are signed out everywhere else.',
  },
  deletion: {
    title: 'Delete your account?',
    effects: [
      'This server deletes your e-mail address, your password, your profile and your consents.',
      'You are signed out on all devices and in all applications.',
      'Applications may have to keep records, such as orders and invoices. Ask them to delete your data before you delete the account.',
      'You cannot undo this. If you register again with the same address, you get a new account.',
    ],
    submit: 'Delete account',
    cancel: 'Keep account',
    done: 'Your account was deleted',
    doneText:
      'You are signed out everywhere. This server sends you one last e-mail as a confirmation.',
  },
};
