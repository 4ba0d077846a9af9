import type { INestApplication } from '@nestjs/common';
import { DpopClient, TestIssuer } from '../../../testing/index.js';
import { guardedGraph } from '../../support/guarded-graph.js';
import { platforms } from '../../support/guarded-app.js';
import { libraries, startGateways } from '../../support/guarded-gateway.js';
import { API } from '../../support/dpop-app.js';

const client = new DpopClient();
let issuer: TestIssuer;
let app: INestApplication;

beforeEach(async () => {
  issuer = await TestIssuer.start({ audience: API });
});
afterEach(async () => {
  await app.close();
  await issuer.close();
});

const headersFor = (method: string, path: string) => {
  const accessToken = issuer.accessToken({ scope: 'orders:read', cnf: client.cnf });
  return client.headers({ method, url: API + path, accessToken });
};

describe.each(platforms)('GraphQL on %s, with a proof (RFC 9449 §7.1)', (_name, adapter) => {
  const ask = async (body: object, headers: Readonly<Record<string, string>>) => {
    const response = await fetch(`${await app.getUrl()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return response.text();
  };

  it('is one request, however many fields and operations ask about it', async () => {
    app = await guardedGraph({
      adapter,
      guards: { ...issuer.options, dpop: {} },
      graphql: { allowBatchedHttpRequests: true },
    });
    const query = { query: '{ orders { id } caller greeting }' };
    const headers = headersFor('POST', '/graphql');
    const answer = await ask([query, query], headers);

    expect(answer).toContain('alice by test-client');
    expect(answer).not.toContain('errors');
    expect(await ask(query, headers)).toContain('UNAUTHENTICATED');
    expect(await ask(query, headersFor('GET', '/graphql'))).toContain('UNAUTHENTICATED');
    const bearer = headersFor('POST', '/graphql')['Authorization']?.replace('DPoP', 'Bearer') ?? '';
    expect(await ask(query, { Authorization: bearer })).toContain('UNAUTHENTICATED');
  });
});

describe.each(libraries)('a handshake of %s, with a proof (RFC 9449 §7.1)', (name, library) => {
  const path = name === 'ws' ? '/' : '/socket.io/';

  it('is one request, also when its messages are asked about', async () => {
    app = await startGateways(library.adapter, { guards: { ...issuer.options, dpop: {} } });
    const headers = headersFor('GET', path);
    const connected = await library.connect(app, { headers });
    for (let message = 0; message < 3; message += 1) {
      connected.send('orders');
      expect(await connected.next('orders')).toBe('alice');
    }
    connected.close();

    await expect(library.connect(app, { headers })).rejects.toThrow('Unauthorized');
  });

  it('without one is refused, also where there is no header but for the token', async () => {
    app = await startGateways(library.adapter, { guards: { ...issuer.options, dpop: {} } });
    const { DPoP: _proof, ...rest } = headersFor('GET', path);
    const token = issuer.accessToken({ cnf: client.cnf });

    await expect(library.connect(app, { headers: rest })).rejects.toThrow('Unauthorized');
    await expect(library.connect(app, { auth: { token } })).rejects.toThrow('Unauthorized');
  });
});
