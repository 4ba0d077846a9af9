import passport from 'passport';
import * as my from './app.mjs';

/**
 * The app around Passport. The user has `name`, `email` and `tokens`.
 *
 * @param name the name that the strategy registers
 * @param readLogoutParameters returns how the logout request names the client
 */
export function servePassport(name, strategy, readLogoutParameters) {
  passport.use(strategy);
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user));
  const app = my.createApp();
  app.use(passport.session());

  app.get('/login', passport.authenticate(name));

  app.get('/callback', passport.authenticate(name, { successRedirect: '/' }));

  app.get('/me', ({ user: { name, email } }, response) => response.json({ name, email }));

  app.get('/orders', ({ user }, response) => my.sendOrders(response, user.tokens.accessToken));

  // As passport-oauth2-refresh does it.
  app.get('/refresh', ({ user: { tokens }, session }, response, next) => {
    strategy._oauth2.getOAuthAccessToken(
      tokens.refreshToken,
      { grant_type: 'refresh_token' },
      (error, accessToken, refreshToken) => {
        if (error) return next(error);
        const changed = accessToken !== tokens.accessToken;
        Object.assign(session.passport.user.tokens, { accessToken, refreshToken });
        return response.json({ changed });
      },
    );
  });

  app.get('/logout', (request, response, next) => {
    const query = new URLSearchParams({
      ...readLogoutParameters(request.user),
      post_logout_redirect_uri: `${my.BASE_URL}/`,
    });
    request.logout((error) =>
      error ? next(error) : response.redirect(`${my.ISSUER}/oauth/logout?${query}`),
    );
  });

  my.listen(app);
}
