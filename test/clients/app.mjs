import { inspect } from 'node:util';
import express from 'express';
import session from 'express-session';

export const { PORT, BASE_URL, ISSUER, CLIENT_ID, CLIENT_SECRET, SCOPE, API, SESSION_SECRET } =
  process.env;
export const REDIRECT_URI = `${BASE_URL}/callback`;

/** An Express app with a session. */
export function createApp() {
  const app = express();
  app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false }));
  app.get('/', (_request, response) => response.send('Welcome'));
  return app;
}

/** Calls the API with an access token and passes the answer on. */
export async function sendOrders(response, accessToken) {
  const answer = await fetch(`${API}/orders`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  response
    .status(answer.status)
    .type('json')
    .send(await answer.text());
}

/** Shows an error as the console does, so that the test reads what a developer reads. */
export function listen(app) {
  app.use((error, _request, response, _next) => {
    console.error(error);
    response.status(500).type('text').send(inspect(error));
  });
  app.listen(Number(PORT));
}
