import { SessionService } from '../../src/sessions/session.service.js';
import { FROM_PAGE, useRunningWeb } from '../support/running-web.js';
import { ScriptedApi } from '../support/scripted-api.js';

const auth = new ScriptedApi();
let url = '';
beforeAll(async () => {
  url = await auth.start();
});
afterAll(() => auth.stop());

const web = useRunningWeb(() => ({ AUTH_ISSUER: url }));

describe('a sign-out that the authorization server does not accept', () => {
  it.each(['invalid_scope', 'invalid_target', 'invalid_client'])(
    'is repeated after %s, because the session may still be active there',
    async (error) => {
      let refusals = 0;
      const ended = new Promise<string | undefined>((resolve) => {
        auth.answer = (response, { method, url: path }) => {
          const reply = (status: number, body?: object) =>
            void response
              .writeHead(status, { 'content-type': 'application/json' })
              .end(body && JSON.stringify(body));
          if (method === 'GET') return reply(200, { issuer: url, token_endpoint: `${url}/token` });
          if (method === 'DELETE') return (resolve(path), reply(204));
          if ((refusals += 1) === 1) return reply(400, { error });
          return reply(200, { access_token: 'for-auth', token_type: 'Bearer', expires_in: 60 });
        };
      });
      const secret = await web
        .get(SessionService)
        .create({ sub: 'alice', sid: 'the-sid' }, { refreshToken: 'r', accessTokens: {} });
      const page = { ...FROM_PAGE, cookie: `__Host-session=${secret}` };
      await web.request().post('/sign-out').set(page).expect(204);
      expect(await ended).toBe('/auth/sessions/the-sid');
    },
  );
});
