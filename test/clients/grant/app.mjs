import grant from 'grant';
import * as my from '../app.mjs';

const app = my.createApp();
app.use(
  grant.express({
    defaults: { origin: my.BASE_URL, transport: 'session', state: true },
    gatehouse: {
      oauth: 2,
      authorize_url: `${my.ISSUER}/oauth/authorize`,
      access_url: `${my.ISSUER}/oauth/token`,
      profile_url: `${my.ISSUER}/userinfo`,
      key: my.CLIENT_ID,
      secret: my.CLIENT_SECRET,
      scope: my.SCOPE.split(' '),
      scope_delimiter: ' ',
      nonce: true,
      pkce: true,
      callback: '/done',
      response: ['tokens', 'profile'],
    },
  }),
);

app.get('/login', (_request, response) => response.redirect('/connect/gatehouse'));

app.get('/done', (request, response) => {
  const { error } = request.session.grant.response;
  if (error) return response.status(500).json(error);
  return response.redirect('/');
});

app.get('/me', (request, response) => {
  const { name, email } = request.session.grant.response.profile;
  response.json({ name, email });
});

app.get('/orders', (request, response) =>
  my.sendOrders(response, request.session.grant.response.access_token),
);

app.get('/logout', (request, response) => {
  const query = new URLSearchParams({
    id_token_hint: request.session.grant.response.id_token,
    post_logout_redirect_uri: `${my.BASE_URL}/`,
  });
  request.session.destroy(() => response.redirect(`${my.ISSUER}/oauth/logout?${query}`));
});

my.listen(app);
