import * as fc from 'fast-check';
import { BearerError } from '../../src/index.js';
import { DpopClient, TestIssuer } from '../../testing/index.js';
import { jsonObject } from '../support/json-arbitraries.js';
import { anAuthenticator } from '../support/factories.js';
import { it } from '../support/slow-test.js';

const API = 'https://api.example';
let issuer: TestIssuer;
const client = new DpopClient();

beforeAll(async () => {
  issuer = await TestIssuer.start({ audience: API });
});
afterAll(() => issuer.close());

/** Sends requests with a valid token to an authenticator. The verdict is the verified token or the error. */
function createVerifier() {
  const authenticator = anAuthenticator({ ...issuer.options, dpop: {} });
  const accessToken = issuer.accessToken({ cnf: client.cnf });
  const request = { method: 'GET', url: `${API}/orders`, accessToken };
  const verify = async (dpop: string | readonly string[], url = '/orders') => {
    const headers = { authorization: `DPoP ${accessToken}`, dpop };
    try {
      return await authenticator.verify({ method: 'GET', url, headers });
    } catch (error) {
      return error;
    }
  };
  return { verify, request };
}

describe('fuzzing of the header DPoP', () => {
  it('throws a BearerError for every header that is not a valid proof', async () => {
    const { verify, request } = createVerifier();
    const valid = client.proof(request);
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.string(), { maxLength: 3 }),
      fc.tuple(fc.nat(valid.length), fc.string()).map(([at, text]) => valid.slice(0, at) + text),
    );
    await fc.assert(
      fc.asyncProperty(value, async (dpop) => {
        fc.pre(dpop !== valid);
        expect(await verify(dpop)).toBeInstanceOf(BearerError);
      }),
      { numRuns: 1000 },
    );
    expect(await verify(valid)).toHaveProperty('subject', 'alice');
  });

  it('accepts a signed proof with changed claims and header, or throws a BearerError', async () => {
    const { verify, request } = createVerifier();
    const anyValue = fc.oneof(fc.jsonValue(), fc.string(), jsonObject, fc.constant(undefined));
    const someMembers = (...names: string[]) =>
      fc.dictionary(fc.constantFrom(...names), anyValue, { maxKeys: 2, noNullPrototype: true });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        someMembers('jti', 'htm', 'htu', 'iat', 'ath', 'nonce', 'x'),
        someMembers('typ', 'alg', 'jwk', 'kid', 'x5c', 'x'),
        async (claims, header) => {
          const verdict = await verify(client.proof(request, claims, { header }));
          if (!(verdict instanceof BearerError)) {
            accepted += 1;
            expect(verdict).toHaveProperty('boundTo', client.cnf.jkt);
          }
        },
      ),
      { numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  it('throws a BearerError for a proof at any other address', async () => {
    const { verify, request } = createVerifier();
    const url = fc.oneof(fc.string({ unit: 'binary' }), fc.webPath());
    await fc.assert(
      fc.asyncProperty(url, async (address) => {
        fc.pre(!address.startsWith('/orders'));
        expect(await verify(client.proof(request), address)).toBeInstanceOf(BearerError);
      }),
      { numRuns: 500 },
    );
  });
});
