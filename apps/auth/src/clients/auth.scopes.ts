import { defineScopes } from '@gatehouse/guards';

const scopes = defineScopes(
  ...(['sessions:read', 'sessions:end'] as const),
  ...(['account:password', 'account:email', 'account:delete'] as const),
);

/** Accepts only the scopes above, so that a misspelt scope does not compile. */
export const { RequireScopes } = scopes;

/** Scopes of access tokens for this server, with the text that the consent page shows. */
export const ACCOUNT_SCOPES: Readonly<Record<(typeof scopes.all)[number], string>> = {
  'sessions:read': 'See where you are signed in',
  'sessions:end': 'Sign you out on other devices',
  'account:password': 'Change your password',
  'account:email': 'Change your e-mail address',
  'account:delete': 'Delete your account',
};

/**
 * Scopes of OpenID Connect (Core §3.1.2.1, §5.4, §11) and of roles, with the text that the consent page shows. This server is
 * their resource server, because its userinfo endpoint returns the claims.
 */
export const OPENID_SCOPES = {
  openid: 'Confirm your identity',
  profile: 'See your name and profile',
  email: 'See your e-mail address',
  address: 'See your postal address',
  phone: 'See your telephone number',
  roles: 'See which roles you have',
  groups: 'See which groups you belong to',
  offline_access: 'Keep access while you are not using the application',
} as const;
