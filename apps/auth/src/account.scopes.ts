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
