import { TOKEN_EXCHANGE } from '../../src/clients/client.entity.js';
import { TICKETS, decodeClaims, PHOTOS, TestAuth } from '../support/test-auth.js';
import { TestDpopClient, TOKEN_REQUEST } from '../support/test-dpop-client.js';

const AS = 'photos-service:secret';

describe('token exchange with a DPoP proof (RFC 8693, RFC 9449 §5)', () => {
  let auth: TestAuth;
  let client: TestDpopClient;
  let exchange: Record<string, string>;
  beforeAll(async () => {
    auth = await TestAuth.start();
    client = new TestDpopClient(auth);
    await auth.registerClient({
      id: 'photos-service',
      secret: 'secret',
      grantTypes: [TOKEN_EXCHANGE],
      scope: ['tickets:read'],
      resourceServer: PHOTOS,
      exchangeTargets: [TICKETS],
    });
    const { access_token: subject_token } = await auth.createLogin();
    const subject_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    exchange = { grant_type: TOKEN_EXCHANGE, subject_token, subject_token_type, resource: TICKETS };
  });
  afterAll(() => auth.stop());

  it('binds the new token to the key of the calling service', async () => {
    const { status, body } = await client.token(exchange, AS);

    expect([status, body['token_type']]).toEqual([200, 'DPoP']);
    expect(decodeClaims(body['access_token'])['cnf']).toEqual({ jkt: client.jkt });
  });

  it('rejects a proof that was used before (RFC 9449 §11.1)', async () => {
    const proof = client.key.proof({ ...TOKEN_REQUEST, ...(await client.fetchNonce(AS)) });
    expect((await client.send(exchange, proof, { as: AS })).status).toBe(200);

    const again = await client.send(exchange, proof, { as: AS });
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_dpop_proof']);
  });
});
