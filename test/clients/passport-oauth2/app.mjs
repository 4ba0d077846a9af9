import OAuth2Strategy from 'passport-oauth2';
import * as my from '../app.mjs';
import { servePassport } from '../passport-app.mjs';

const strategy = new OAuth2Strategy(
  {
    authorizationURL: `${my.ISSUER}/oauth/authorize`,
    tokenURL: `${my.ISSUER}/oauth/token`,
    clientID: my.CLIENT_ID,
    clientSecret: my.CLIENT_SECRET,
    callbackURL: my.REDIRECT_URI,
    scope: my.SCOPE.split(' '),
    // PKCE needs a state in the session.
    state: true,
    pkce: true,
  },
  (accessToken, refreshToken, profile, done) =>
    done(null, { ...profile, tokens: { accessToken, refreshToken } }),
);
// As the library's README says, a subclass or this function reads the user.
strategy.userProfile = async (accessToken, done) => {
  const answer = await fetch(`${my.ISSUER}/userinfo`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  const { name, email } = await answer.json();
  done(null, { name, email });
};

// The library keeps no ID token, so auth asks the user.
servePassport('oauth2', strategy, () => ({ client_id: my.CLIENT_ID }));
