import express from 'express';
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node';
import * as my from '../app.mjs';

/** The app around better-auth. @param signIn starts the login */
export function serveBetterAuth(auth, signIn) {
  const app = express();
  app.all('/api/auth/*splat', toNodeHandler(auth));
  app.get('/', (_request, response) => response.send('Welcome'));

  const headersOf = (request) => fromNodeHeaders(request.headers);
  const account = { providerId: 'gatehouse' };
  const getAccessToken = async (request) => {
    const headers = headersOf(request);
    return (await auth.api.getAccessToken({ body: account, headers })).accessToken;
  };

  app.get('/login', async (request, response) => {
    const { headers, response: answer } = await signIn('/', headersOf(request));
    response.append('set-cookie', headers.getSetCookie());
    response.redirect(answer.url);
  });

  app.get('/me', async (request, response) => {
    const { name, email } = (await auth.api.getSession({ headers: headersOf(request) })).user;
    response.json({ name, email });
  });

  app.get('/orders', async (request, response) =>
    my.sendOrders(response, await getAccessToken(request)),
  );

  app.get('/refresh', async (request, response) => {
    const before = await getAccessToken(request);
    const { headers, response: after } = await auth.api.refreshToken({
      body: account,
      headers: headersOf(request),
      returnHeaders: true,
    });
    response.append('set-cookie', headers.getSetCookie());
    response.json({ changed: after.accessToken !== before });
  });

  app.get('/logout', async (request, response) => {
    const { headers, response: answer } = await auth.api.signOut({
      body: { callbackURL: '/' },
      headers: headersOf(request),
      returnHeaders: true,
    });
    response.append('set-cookie', headers.getSetCookie());
    response.redirect(answer.url ?? '/');
  });

  my.listen(app);
}
