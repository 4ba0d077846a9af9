import { sso } from '@better-auth/sso';
import { betterAuth } from 'better-auth';
import { serveBetterAuth } from '../better-auth/routes.mjs';
import * as my from '../app.mjs';

/** By the user's id. The plugin has no method that reads or refreshes them. */
const tokens = new Map();

const auth = betterAuth({
  baseURL: my.BASE_URL,
  secret: my.SESSION_SECRET,
  trustedOrigins: [my.ISSUER],
  plugins: [
    sso({
      provisionUser: ({ user, token }) => void tokens.set(user.id, token),
      provisionUserOnEveryLogin: true,
      defaultSSO: [
        {
          domain: 'gatehouse.example',
          providerId: 'gatehouse',
          oidcConfig: {
            issuer: my.ISSUER,
            clientId: my.CLIENT_ID,
            clientSecret: my.CLIENT_SECRET,
            discoveryEndpoint: `${my.ISSUER}/.well-known/openid-configuration`,
            pkce: true,
            scopes: my.SCOPE.split(' '),
          },
        },
      ],
    }),
  ],
});

const readTokens = async (headers) => tokens.get((await auth.api.getSession({ headers })).user.id);

serveBetterAuth(auth, {
  signIn: (headers) =>
    auth.api.signInSSO({
      body: { providerId: 'gatehouse', callbackURL: '/' },
      headers,
      returnHeaders: true,
    }),
  getAccessToken: async (headers) => (await readTokens(headers)).accessToken,
  async getLogoutUrl(headers) {
    const { idToken } = await readTokens(headers);
    const query = new URLSearchParams({
      id_token_hint: idToken,
      post_logout_redirect_uri: `${my.BASE_URL}/`,
    });
    return `${my.ISSUER}/oauth/logout?${query}`;
  },
});
