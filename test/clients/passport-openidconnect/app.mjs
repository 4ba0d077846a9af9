import OpenIDConnectStrategy from 'passport-openidconnect';
import * as my from '../app.mjs';
import { servePassport } from '../passport-app.mjs';

const strategy = new OpenIDConnectStrategy(
  {
    issuer: my.ISSUER,
    authorizationURL: `${my.ISSUER}/oauth/authorize`,
    tokenURL: `${my.ISSUER}/oauth/token`,
    userInfoURL: `${my.ISSUER}/userinfo`,
    clientID: my.CLIENT_ID,
    clientSecret: my.CLIENT_SECRET,
    callbackURL: my.REDIRECT_URI,
    scope: my.SCOPE.split(' ').filter((scope) => scope !== 'openid'),
    // The library has no PKCE. It sends and checks a nonce only with this option.
    nonce: true,
  },
  // The number of parameters decides what the library passes.
  (_issuer, profile, _context, idToken, accessToken, refreshToken, done) =>
    done(null, {
      name: profile.displayName,
      email: profile.emails?.[0]?.value,
      tokens: { idToken, accessToken, refreshToken },
    }),
);

servePassport('openidconnect', strategy, ({ tokens }) => ({ id_token_hint: tokens.idToken }));
