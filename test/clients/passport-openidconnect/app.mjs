import passport from 'passport';
import OpenIDConnectStrategy from 'passport-openidconnect';
import * as my from '../app.mjs';

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
passport.use(strategy);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = my.createApp();
app.use(passport.session());

app.get('/login', passport.authenticate('openidconnect'));

app.get('/callback', passport.authenticate('openidconnect', { successRedirect: '/' }));

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

app.get('/logout', (request, response, next) => {
  const query = new URLSearchParams({
    id_token_hint: request.user.tokens.idToken,
    post_logout_redirect_uri: `${my.BASE_URL}/`,
  });
  request.logout((error) =>
    error ? next(error) : response.redirect(`${my.ISSUER}/oauth/logout?${query}`),
  );
});

my.listen(app);
