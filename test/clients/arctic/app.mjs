import * as arctic from 'arctic';
import * as my from '../app.mjs';

const client = new arctic.OAuth2Client(my.CLIENT_ID, my.CLIENT_SECRET, my.REDIRECT_URI);
const TOKEN_ENDPOINT = `${my.ISSUER}/oauth/token`;
const app = my.createApp();

app.get('/login', (request, response) => {
  const state = arctic.generateState();
  const codeVerifier = arctic.generateCodeVerifier();
  request.session.login = { state, codeVerifier };
  const url = client.createAuthorizationURLWithPKCE(
    `${my.ISSUER}/oauth/authorize`,
    state,
    arctic.CodeChallengeMethod.S256,
    codeVerifier,
    my.SCOPE.split(' '),
  );
  response.redirect(url.href);
});

app.get('/callback', async (request, response) => {
  const { code, state, error } = request.query;
  const { login } = request.session;
  if (!code || state !== login?.state) return response.status(400).send(error ?? 'another state');
  const tokens = await client.validateAuthorizationCode(TOKEN_ENDPOINT, code, login.codeVerifier);
  request.session.tokens = tokens.data;
  request.session.claims = arctic.decodeIdToken(tokens.idToken());
  return response.redirect('/');
});

app.get('/me', (request, response) => {
  const { name, email } = request.session.claims;
  response.json({ name, email });
});

app.get('/orders', (request, response) =>
  my.sendOrders(response, request.session.tokens.access_token),
);

app.get('/refresh', async (request, response) => {
  const { tokens } = request.session;
  const next = await client.refreshAccessToken(TOKEN_ENDPOINT, tokens.refresh_token, []);
  request.session.tokens = { ...tokens, ...next.data };
  response.json({ changed: next.accessToken() !== tokens.access_token });
});

app.get('/logout', async (request, response) => {
  const { tokens } = request.session;
  await client.revokeToken(`${my.ISSUER}/oauth/revoke`, tokens.refresh_token);
  const query = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: `${my.BASE_URL}/`,
  });
  request.session.destroy(() => response.redirect(`${my.ISSUER}/oauth/logout?${query}`));
});

my.listen(app);
