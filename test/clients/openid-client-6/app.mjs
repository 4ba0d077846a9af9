import * as client from 'openid-client';
import * as my from '../app.mjs';

const config = await client.discovery(new URL(my.ISSUER), my.CLIENT_ID, my.CLIENT_SECRET);
const app = my.createApp();

app.get('/login', async (request, response) => {
  const codeVerifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  request.session.login = { codeVerifier, state };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: my.REDIRECT_URI,
    scope: my.SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    state,
  });
  response.redirect(url.href);
});

app.get('/callback', async (request, response) => {
  const { codeVerifier, state } = request.session.login ?? {};
  const tokens = await client.authorizationCodeGrant(config, new URL(request.url, my.BASE_URL), {
    pkceCodeVerifier: codeVerifier,
    expectedState: state,
  });
  request.session.tokens = { ...tokens, sub: tokens.claims().sub };
  response.redirect('/');
});

app.get('/me', async (request, response) => {
  const { access_token: accessToken, sub } = request.session.tokens;
  const { name, email } = await client.fetchUserInfo(config, accessToken, sub);
  response.json({ name, email });
});

app.get('/orders', (request, response) =>
  my.sendOrders(response, request.session.tokens.access_token),
);

app.get('/refresh', async (request, response) => {
  const { tokens } = request.session;
  const next = await client.refreshTokenGrant(config, tokens.refresh_token);
  request.session.tokens = { ...tokens, ...next };
  response.json({ changed: next.access_token !== tokens.access_token });
});

app.get('/logout', (request, response) => {
  const url = client.buildEndSessionUrl(config, {
    post_logout_redirect_uri: `${my.BASE_URL}/`,
    id_token_hint: request.session.tokens.id_token,
  });
  request.session.destroy(() => response.redirect(url.href));
});

my.listen(app);
