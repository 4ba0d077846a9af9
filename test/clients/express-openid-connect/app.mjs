import express from 'express';
import openid from 'express-openid-connect';
import * as my from '../app.mjs';

const app = express();
app.use(
  openid.auth({
    authRequired: false,
    issuerBaseURL: my.ISSUER,
    baseURL: my.BASE_URL,
    clientID: my.CLIENT_ID,
    clientSecret: my.CLIENT_SECRET,
    secret: my.SESSION_SECRET,
    idpLogout: true,
    routes: { postLogoutRedirect: `${my.BASE_URL}/` },
    // The default is `id_token`, the implicit flow.
    authorizationParams: { response_type: 'code', scope: my.SCOPE },
  }),
);

// The middleware serves /login, /callback and /logout.
app.get('/', (_request, response) => response.send('Welcome'));

app.get('/me', openid.requiresAuth(), (request, response) => {
  const { name, email } = request.oidc.user;
  response.json({ name, email });
});

app.get('/orders', openid.requiresAuth(), (request, response) =>
  my.sendOrders(response, request.oidc.accessToken.access_token),
);

app.get('/refresh', openid.requiresAuth(), async (request, response) => {
  const before = request.oidc.accessToken.access_token;
  const { access_token: after } = await request.oidc.accessToken.refresh();
  response.json({ changed: before !== after });
});

my.listen(app);
