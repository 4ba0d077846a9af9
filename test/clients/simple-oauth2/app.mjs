import { createHash, randomBytes } from 'node:crypto';
import { AuthorizationCode } from 'simple-oauth2';
import * as my from '../app.mjs';

const client = new AuthorizationCode({
  client: { id: my.CLIENT_ID, secret: my.CLIENT_SECRET },
  auth: {
    tokenHost: my.ISSUER,
    tokenPath: '/oauth/token',
    authorizePath: '/oauth/authorize',
    revokePath: '/oauth/revoke',
  },
});
const app = my.createApp();
const random = () => randomBytes(32).toString('base64url');

// The library passes on further parameters, and the app makes those of PKCE (RFC 7636 §4).
app.get('/login', (request, response) => {
  const login = { state: random(), verifier: random() };
  request.session.login = login;
  response.redirect(
    client.authorizeURL({
      redirect_uri: my.REDIRECT_URI,
      scope: my.SCOPE,
      state: login.state,
      code_challenge: createHash('sha256').update(login.verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }),
  );
});

app.get('/callback', async (request, response) => {
  const { state, verifier } = request.session.login ?? {};
  const { code, error, error_description: description, state: received } = request.query;
  if (error) return response.status(400).send(`${error}: ${description}`);
  if (received !== state) return response.status(400).send('another state');
  const { token } = await client.getToken({
    code,
    redirect_uri: my.REDIRECT_URI,
    code_verifier: verifier,
  });
  request.session.token = token;
  return response.redirect('/');
});

app.get('/me', async (request, response) => {
  const answer = await fetch(`${my.ISSUER}/userinfo`, {
    headers: { authorization: `Bearer ${request.session.token.access_token}` },
  });
  const { name, email } = await answer.json();
  response.json({ name, email });
});

app.get('/orders', (request, response) =>
  my.sendOrders(response, request.session.token.access_token),
);

app.get('/refresh', async (request, response) => {
  const { token } = request.session;
  const { token: next } = await client.createToken(token).refresh();
  request.session.token = next;
  response.json({ changed: next.access_token !== token.access_token });
});

app.get('/logout', async (request, response) => {
  const { token } = request.session;
  await client.createToken(token).revoke('refresh_token');
  const query = new URLSearchParams({
    id_token_hint: token.id_token,
    post_logout_redirect_uri: `${my.BASE_URL}/`,
  });
  request.session.destroy(() => response.redirect(`${my.ISSUER}/oauth/logout?${query}`));
});

my.listen(app);
