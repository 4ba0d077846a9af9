import { betterAuth } from 'better-auth';
import { genericOAuth } from 'better-auth/plugins';
import { serveBetterAuth } from './routes.mjs';
import * as my from '../app.mjs';

const auth = betterAuth({
  baseURL: my.BASE_URL,
  secret: my.SESSION_SECRET,
  plugins: [
    genericOAuth({
      config: [
        {
          providerId: 'gatehouse',
          clientId: my.CLIENT_ID,
          clientSecret: my.CLIENT_SECRET,
          discoveryUrl: `${my.ISSUER}/.well-known/openid-configuration`,
          scopes: my.SCOPE.split(' '),
        },
      ],
    }),
  ],
});

/** better-auth's own id of the account at the provider. */
async function selectAccount(headers) {
  const accounts = await auth.api.listUserAccounts({ headers });
  return { accountId: accounts.find(({ providerId }) => providerId === 'gatehouse').id };
}

serveBetterAuth(auth, {
  signIn: (headers) =>
    auth.api.signInSocial({
      body: { provider: 'gatehouse', callbackURL: '/' },
      headers,
      returnHeaders: true,
    }),
  async getAccessToken(headers) {
    const body = await selectAccount(headers);
    return (await auth.api.getAccessToken({ body, headers })).accessToken;
  },
  async refresh(headers) {
    const body = await selectAccount(headers);
    return (await auth.api.refreshToken({ body, headers })).accessToken;
  },
});
