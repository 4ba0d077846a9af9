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

serveBetterAuth(auth, (callbackURL, headers) =>
  auth.api.signInSocial({
    body: { provider: 'gatehouse', callbackURL },
    headers,
    returnHeaders: true,
  }),
);
