import passport from 'passport';
import OAuth2Strategy from 'passport-oauth2';
import * as my from '../app.mjs';

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
passport.use(strategy);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = my.createApp();
app.use(passport.session());

app.get('/login', passport.authenticate('oauth2'));

app.get('/callback', passport.authenticate('oauth2', { successRedirect: '/' }));

app.get('/me', (request, response) => {
  const { name, email } = request.user;
  response.json({ name, email });
});

app.get('/orders', (request, response) => my.sendOrders(response, request.user.tokens.accessToken));

// As passport-oauth2-refresh does it.
app.get('/refresh', (request, response, next) => {
  const { tokens } = request.user;
  strategy._oauth2.getOAuthAccessToken(
    tokens.refreshToken,
    { grant_type: 'refresh_token' },
    (error, accessToken, refreshToken) => {
      if (error) return next(error);
      const changed = accessToken !== tokens.accessToken;
      Object.assign(request.session.passport.user.tokens, { accessToken, refreshToken });
      return response.json({ changed });
    },
  );
});

// The library keeps no ID token, so auth asks the user.
app.get('/logout', (request, response, next) => {
  const query = new URLSearchParams({
    client_id: my.CLIENT_ID,
    post_logout_redirect_uri: `${my.BASE_URL}/`,
  });
  request.logout((error) =>
    error ? next(error) : response.redirect(`${my.ISSUER}/oauth/logout?${query}`),
  );
});

my.listen(app);
