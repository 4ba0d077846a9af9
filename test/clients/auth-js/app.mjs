import { ExpressAuth, getSession } from '@auth/express';
import express from 'express';
import * as my from '../app.mjs';

// https://authjs.dev/guides/refresh-token-rotation
async function refresh(token) {
  const answer = await fetch(`${my.ISSUER}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: my.CLIENT_ID,
      client_secret: my.CLIENT_SECRET,
      grant_type: 'refresh_token',
      refresh_token: token.refresh_token,
    }),
  });
  const tokens = await answer.json();
  if (!answer.ok) throw tokens;
  return { ...token, access_token: tokens.access_token, refresh_token: tokens.refresh_token };
}

const config = {
  trustHost: true,
  secret: my.SESSION_SECRET,
  providers: [
    {
      id: 'gatehouse',
      name: 'Gatehouse',
      type: 'oidc',
      issuer: my.ISSUER,
      clientId: my.CLIENT_ID,
      clientSecret: my.CLIENT_SECRET,
      authorization: { params: { scope: my.SCOPE } },
    },
  ],
  callbacks: {
    jwt({ token, account, trigger }) {
      if (account) {
        const { access_token, refresh_token, id_token } = account;
        return { ...token, access_token, refresh_token, id_token };
      }
      return trigger === 'update' ? refresh(token) : token;
    },
    session({ session, token }) {
      return { ...session, accessToken: token.access_token, idToken: token.id_token };
    },
  },
};

const app = express();
// `/auth/*` in Express 4.
app.use(/^\/auth\/(.*)$/, ExpressAuth(config));
app.get('/', (_request, response) => response.send('Welcome'));

/** Posts to Auth.js as its pages do, with its CSRF token, and passes the cookies on. */
async function post(path, request, response) {
  const cookie = request.headers.cookie ?? '';
  const first = await fetch(`${my.BASE_URL}/auth/csrf`, { headers: { cookie } });
  const { csrfToken } = await first.json();
  const cookies = first.headers.getSetCookie();
  const answer = await fetch(`${my.BASE_URL}/auth/${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      cookie: [cookie, ...cookies.map((each) => each.split(';')[0])].filter(Boolean).join('; '),
      'content-type': 'application/json',
      'x-auth-return-redirect': '1',
    },
    body: JSON.stringify({ csrfToken, callbackUrl: my.BASE_URL, data: {} }),
  });
  response.append('set-cookie', [...cookies, ...answer.headers.getSetCookie()]);
  return answer.json();
}

app.get('/login', async (request, response) => {
  const { url } = await post('signin/gatehouse', request, response);
  response.redirect(url);
});

app.get('/me', async (request, response) => {
  const { name, email } = (await getSession(request, config)).user;
  response.json({ name, email });
});

app.get('/orders', async (request, response) =>
  my.sendOrders(response, (await getSession(request, config)).accessToken),
);

app.get('/refresh', async (request, response) => {
  const before = await getSession(request, config);
  const after = await post('session', request, response);
  response.json({ changed: after.accessToken !== before.accessToken });
});

// Auth.js ends its own session only.
app.get('/logout', async (request, response) => {
  const { idToken } = await getSession(request, config);
  await post('signout', request, response);
  const query = new URLSearchParams({
    id_token_hint: idToken,
    post_logout_redirect_uri: `${my.BASE_URL}/`,
  });
  response.redirect(`${my.ISSUER}/oauth/logout?${query}`);
});

my.listen(app);
