import { Scheduler } from '@gatehouse/persistence';
import {
  compareWithDocument,
  eachDatabase,
  readDocumentedCosts,
  StatementCounter,
} from '@gatehouse/persistence/testing';
import { DataSource } from 'typeorm';
import { ClientRepository } from '../../src/clients/client.repository.js';
import { RefreshTokenRotation } from '../../src/sessions/refresh-token-rotation.service.js';
import {
  aClient,
  anAccount,
  anArrival,
  aSession,
  CALLBACK,
  refreshSession,
} from '../support/factories.js';
import { TestBrowser, VERIFIER } from '../support/test-browser.js';
import {
  ISSUER,
  PHOTOS,
  PASSWORD,
  TestAuth,
  toBasicAuthorization,
  toDatabaseSettings,
} from '../support/test-auth.js';

/** Use cases that apps/orders counts. */
const ORDERS_USE_CASES = ['read an order', 'place an order'];

type Work = () => Promise<{ readonly status: number }>;

eachDatabase('the cost of a request (docs/architecture.md)', (fresh, name) => {
  let auth: TestAuth;
  let counter: StatementCounter;
  let client: string;
  let browser: TestBrowser;
  beforeAll(async () => {
    auth = await TestAuth.start({ ...toDatabaseSettings(await fresh()), LOGIN_DELAYS: 'true' });
    await auth.app.get(Scheduler).beforeApplicationShutdown();
    counter = new StatementCounter(auth.app.get(DataSource));
    await auth.registerClient({ id: 'service', secret: 'secret', resourceServer: PHOTOS });
    client = await aClient(auth);
    const account = await anAccount(auth);
    browser = new TestBrowser(auth);
    await browser.signIn(account);
    await browser.grantConsent(account, client);
    for (const prepare of Object.values(useCases)) await (await prepare())();
  });
  afterAll(async () => {
    counter.stop();
    await auth.stop();
  });

  const asService = { authorization: toBasicAuthorization('service:secret') };
  const introspect = async (token: string, active = true) => {
    const body = new URLSearchParams({ token });
    const answer = await auth.send('/oauth/introspect', {
      method: 'POST',
      body,
      headers: asService,
    });
    expect(answer.body['active']).toBe(active);
    return answer;
  };
  const aServiceToken = () => auth.token({ grant_type: 'client_credentials' }, 'service:secret');
  const aPair = async (resources = [PHOTOS], scope = ['photos:read']) =>
    refreshSession(auth, await aSession(auth, client, { resources, scope }), { client_id: client });
  const refreshing = (refresh_token: string) => () =>
    auth.token({ grant_type: 'refresh_token', refresh_token, client_id: client });

  /** Each prepares a request, whose statements are then counted. */
  const useCases: Readonly<Record<string, () => Work | Promise<Work>>> = {
    'key set': () => () => auth.send('/.well-known/jwks.json', {}),
    refresh: async () => refreshing(await aSession(auth, client)),
    'sixteen refreshes that arrive together': async () => {
      const tokens = await Promise.all(Array.from({ length: 16 }, () => aSession(auth, client)));
      const found = await auth.app.get(ClientRepository).findEnabled(client);
      if (!found) throw new Error('the client is missing');
      const rotation = auth.app.get(RefreshTokenRotation);
      const rotate = async (token: string) =>
        rotation.rotate(
          await rotation.validate(token, { client: found, arrival: anArrival(auth.clock) }),
        );
      return async () => {
        await Promise.all(tokens.map(rotate));
        return { status: 200 };
      };
    },
    'client credentials, first request in five seconds': () => {
      auth.clock.advance({ seconds: 6 });
      return aServiceToken;
    },
    'client credentials': async () => {
      await aServiceToken();
      return aServiceToken;
    },
    'introspection of an access token': async () => {
      const { access } = await aPair();
      return () => introspect(access);
    },
    'introspection of a refresh token': async () => {
      const token = await aSession(auth, client);
      return () => introspect(token, false);
    },
    'authorization request of a browser session': async () => {
      await browser.authorize(client);
      return () => browser.authorize(client);
    },
    'exchange of an authorization code': async () => {
      const code = await browser.obtainCode(client, { scope: 'openid offline_access photos:read' });
      const parameters = { code, redirect_uri: CALLBACK, code_verifier: VERIFIER };
      return () =>
        auth.token({ grant_type: 'authorization_code', client_id: client, ...parameters });
    },
    'login by the API': async () => {
      const { email } = await anAccount(auth);
      return () => auth.login(email);
    },
    'login by the page': async () => {
      const { email } = await anAccount(auth);
      const visitor = new TestBrowser(auth);
      const page = await visitor.follow(await visitor.authorize(client));
      return () => visitor.submit(page, { login: email, password: PASSWORD });
    },
    'user info': async () => {
      const { access } = await aPair([ISSUER], ['openid']);
      const headers = { authorization: `Bearer ${access}` };
      return () => auth.send('/userinfo', { headers });
    },
    revocation: async () => {
      const { refresh } = await aPair();
      return () =>
        auth.send('/oauth/revoke', {
          method: 'POST',
          body: new URLSearchParams({ token: refresh, client_id: client }),
        });
    },
    logout: async () => {
      const { refresh_token } = await auth.createLogin();
      return () => auth.json('/auth/logout', { refresh_token });
    },
  };

  it('the document has a row for each use case that the test counts', () => {
    const counted = [...Object.keys(useCases), ...ORDERS_USE_CASES].sort();
    expect([...readDocumentedCosts().keys()].sort()).toEqual(counted);
  });

  it.each(Object.keys(useCases))(
    'the service sends the documented number of statements: %s',
    async (useCase) => {
      const work = await useCases[useCase]?.();
      let status = 0;
      const count = await counter.during(async () => ({ status } = (await work?.()) ?? { status }));
      expect(status).toBeLessThan(400);
      expect(compareWithDocument(useCase, name, count)).toEqual([]);
    },
  );
});
