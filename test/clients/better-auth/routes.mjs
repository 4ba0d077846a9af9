import express from 'express';
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node';
import * as my from '../app.mjs';

/** The app around better-auth. The steps differ between its plugins. */
export function serveBetterAuth(auth, { signIn, getAccessToken, refresh, getLogoutUrl }) {
  const app = express();
  app.all('/api/auth/*splat', toNodeHandler(auth));
  app.get('/', (_request, response) => response.send('Welcome'));
  const headersOf = (request) => fromNodeHeaders(request.headers);

  app.get('/login', async (request, response) => {
    const { headers, response: answer } = await signIn(headersOf(request));
    response.append('set-cookie', headers.getSetCookie());
    response.redirect(answer.url);
  });

  app.get('/me', async (request, response) => {
    const { name, email } = (await auth.api.getSession({ headers: headersOf(request) })).user;
    response.json({ name, email });
  });

  app.get('/orders', async (request, response) =>
    my.sendOrders(response, await getAccessToken(headersOf(request))),
  );

  app.get('/refresh', async (request, response) => {
    const before = await getAccessToken(headersOf(request));
    const after = await refresh(headersOf(request));
    response.json({ changed: before !== after });
  });

  app.get('/logout', async (request, response) => {
    const url = await getLogoutUrl?.(headersOf(request));
    const { headers, response: answer } = await auth.api.signOut({
      body: { callbackURL: '/' },
      headers: headersOf(request),
      returnHeaders: true,
    });
    response.append('set-cookie', headers.getSetCookie());
    response.redirect(url ?? answer.url);
  });

  my.listen(app);
}
