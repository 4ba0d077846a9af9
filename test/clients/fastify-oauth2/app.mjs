import cookie from '@fastify/cookie';
import oauth2 from '@fastify/oauth2';
import Fastify from 'fastify';
import { inspect } from 'node:util';
import * as my from '../app.mjs';

const app = Fastify();
app.register(cookie);
app.register(oauth2, {
  name: 'gatehouse',
  scope: my.SCOPE.split(' '),
  credentials: { client: { id: my.CLIENT_ID, secret: my.CLIENT_SECRET } },
  startRedirectPath: '/login',
  callbackUri: my.REDIRECT_URI,
  discovery: { issuer: my.ISSUER },
});
app.setErrorHandler((error, _request, reply) => reply.code(500).send(inspect(error)));

/** The app has one user. */
let current;

app.get('/', (_request, reply) => reply.send('Welcome'));

app.get('/callback', async (request, reply) => {
  if (request.query.error) return reply.code(400).send(request.query.error);
  current = await app.gatehouse.getAccessTokenFromAuthorizationCodeFlow(request);
  return reply.redirect('/');
});

app.get('/me', async () => {
  const { name, email } = await app.gatehouse.userinfo(current.token);
  return { name, email };
});

app.get('/orders', async () => {
  const answer = await fetch(`${my.API}/orders`, {
    headers: { authorization: `Bearer ${current.token.access_token}` },
  });
  return answer.json();
});

app.get('/refresh', async () => {
  const before = current.token.access_token;
  current = await app.gatehouse.getNewAccessTokenUsingRefreshToken(current.token);
  return { changed: current.token.access_token !== before };
});

app.get('/logout', async (_request, reply) => {
  await app.gatehouse.revokeAllToken(current.token);
  const query = new URLSearchParams({
    id_token_hint: current.token.id_token,
    post_logout_redirect_uri: `${my.BASE_URL}/`,
  });
  current = undefined;
  return reply.redirect(`${my.ISSUER}/oauth/logout?${query}`);
});

await app.listen({ port: Number(my.PORT), host: 'localhost' });
