import type { INestApplication } from '@nestjs/common';
import { DpopClient, TestIssuer } from '../../../testing/index.js';
import { guardedGraph } from '../../support/guarded-graph.js';
import { API, platforms } from '../../support/guarded-app.js';
import { it } from '../../support/slow-test.js';

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

describe.each(platforms)('GraphQL request with a proof on %s (RFC 9449 §7.1)', (_name, adapter) => {
  const query = async (body: object, headers: Readonly<Record<string, string>>) => {
    const response = await fetch(`${await app.getUrl()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return response.text();
  };

  it('accepts one proof for all fields and operations of a request, and no second use', async () => {
    app = await guardedGraph({
      adapter,
      guards: { ...issuer.options, dpop: {} },
      graphql: { allowBatchedHttpRequests: true },
    });
    const operation = { query: '{ orders { id } caller greeting }' };
    const headers = headersFor('POST', '/graphql');
    const answer = await query([operation, operation], headers);

    expect(answer).toContain('alice by test-client');
    expect(answer).not.toContain('errors');
    expect(await query(operation, headers)).toContain('UNAUTHENTICATED');
    expect(await query(operation, headersFor('GET', '/graphql'))).toContain('UNAUTHENTICATED');
    const bearer = headersFor('POST', '/graphql')['Authorization']?.replace('DPoP', 'Bearer') ?? '';
    expect(await query(operation, { Authorization: bearer })).toContain('UNAUTHENTICATED');
  });
});
