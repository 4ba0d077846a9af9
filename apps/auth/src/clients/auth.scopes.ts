import { defineScopes } from '@gatehouse/guards';

const scopes = defineScopes('sessions:read', 'sessions:end', 'account:password');

/** For these scopes only: a misspelt one does not compile. */
export const { RequireScopes } = scopes;

/** What an access token for this server itself may allow, in the words in which a person is asked for it. */
export const ACCOUNT_SCOPES: Readonly<Record<(typeof scopes.all)[number], string>> = {
  'sessions:read': 'See where you are logged in',
  'sessions:end': 'Log you out elsewhere',
  'account:password': 'Change your password',
};

/**
 * Scopes of OpenID Connect (Core §3.1.2.1, §5.4, §11), in the words in which a person is asked for them. They are granted at
 * this server itself: its userinfo endpoint is where the claims come from.
 */
export const OPENID_SCOPES: Readonly<Record<string, string>> = {
  openid: 'Know that you are you',
  profile: 'See your name and profile',
  email: 'See your e-mail address',
  address: 'See your postal address',
  phone: 'See your telephone number',
  offline_access: 'Stay logged in while you are away',
};
