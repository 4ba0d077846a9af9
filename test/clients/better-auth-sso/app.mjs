import { sso } from '@better-auth/sso';
import { betterAuth } from 'better-auth';
import { serveBetterAuth } from '../better-auth/routes.mjs';
import * as my from '../app.mjs';

const auth = betterAuth({
  baseURL: my.BASE_URL,
  secret: my.SESSION_SECRET,
  trustedOrigins: [my.ISSUER],
  plugins: [
    sso({
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

serveBetterAuth(auth, (callbackURL, headers) =>
  auth.api.signInSSO({
    body: { providerId: 'gatehouse', callbackURL },
    headers,
    returnHeaders: true,
  }),
);
