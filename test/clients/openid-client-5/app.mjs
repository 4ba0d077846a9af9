import { generators, Issuer } from 'openid-client-5';
import * as my from '../app.mjs';

const issuer = await Issuer.discover(my.ISSUER);
const client = new issuer.Client({
  client_id: my.CLIENT_ID,
  client_secret: my.CLIENT_SECRET,
  redirect_uris: [my.REDIRECT_URI],
  response_types: ['code'],
});
const app = my.createApp();

app.get('/login', (request, response) => {
  const codeVerifier = generators.codeVerifier();
  const state = generators.state();
  request.session.login = { codeVerifier, state };
  response.redirect(
    client.authorizationUrl({
      scope: my.SCOPE,
      state,
      code_challenge: generators.codeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    }),
  );
});

app.get('/callback', async (request, response) => {
  const { codeVerifier, state } = request.session.login ?? {};
  request.session.tokens = await client.callback(my.REDIRECT_URI, client.callbackParams(request), {
    code_verifier: codeVerifier,
    state,
  });
  response.redirect('/');
});

app.get('/me', async (request, response) => {
  const { name, email } = await client.userinfo(request.session.tokens.access_token);
  response.json({ name, email });
});

app.get('/orders', (request, response) =>
  my.sendOrders(response, request.session.tokens.access_token),
);

app.get('/refresh', async (request, response) => {
  const { tokens } = request.session;
  const next = await client.refresh(tokens.refresh_token);
  request.session.tokens = { ...tokens, ...next };
  response.json({ changed: next.access_token !== tokens.access_token });
});

app.get('/logout', (request, response) => {
  const url = client.endSessionUrl({
    post_logout_redirect_uri: `${my.BASE_URL}/`,
    id_token_hint: request.session.tokens.id_token,
  });
  request.session.destroy(() => response.redirect(url));
});

my.listen(app);
