import { serve } from '@hono/node-server';
import {
  getAuth,
  initOidcAuthMiddleware,
  oidcAuthMiddleware,
  processOAuthCallback,
  revokeSession,
} from '@hono/oidc-auth';
import { Hono } from 'hono';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import * as my from '../app.mjs';

const app = new Hono();
app.use(
  initOidcAuthMiddleware({
    OIDC_AUTH_SECRET: my.SESSION_SECRET,
    OIDC_ISSUER: my.ISSUER,
    OIDC_CLIENT_ID: my.CLIENT_ID,
    OIDC_CLIENT_SECRET: my.CLIENT_SECRET,
    OIDC_REDIRECT_URI: my.REDIRECT_URI,
    // The default is all of `scopes_supported`.
    OIDC_SCOPES: my.SCOPE,
    OIDC_AUTH_REFRESH_INTERVAL: '1',
  }),
);
app.use(async (context, next) => {
  context.set('oidcClaimsHook', (before, claims, tokens) => ({
    name: claims?.name ?? before?.name,
    email: claims?.email ?? before?.email,
    accessToken: tokens.access_token,
  }));
  await next();
});
app.onError((error, context) => context.text(inspect(error), 500));

app.get('/', (context) => context.text('Welcome'));

app.get('/callback', (context) => {
  const { error } = context.req.query();
  return error ? context.text(error, 400) : processOAuthCallback(context);
});

app.get('/logout', async (context) => {
  await revokeSession(context);
  const query = new URLSearchParams({
    client_id: my.CLIENT_ID,
    post_logout_redirect_uri: `${my.BASE_URL}/`,
  });
  return context.redirect(`${my.ISSUER}/oauth/logout?${query}`);
});

app.use('*', oidcAuthMiddleware());

app.get('/login', (context) => context.redirect('/'));

app.get('/me', async (context) => {
  const { name, email } = await getAuth(context);
  return context.json({ name, email });
});

app.get('/orders', async (context) => {
  const { accessToken } = await getAuth(context);
  const answer = await fetch(`${my.API}/orders`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return context.json(await answer.json(), answer.status);
});

// A request after the interval refreshes the tokens. The app has one user.
let before;

app.get('/refresh', async (context) => {
  before = (await getAuth(context)).accessToken;
  await sleep(2500);
  return context.redirect('/compare');
});

app.get('/compare', async (context) => {
  const { accessToken } = await getAuth(context);
  return context.json({ changed: accessToken !== before });
});

serve({ fetch: app.fetch, port: Number(my.PORT) });
