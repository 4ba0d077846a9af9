import * as fc from 'fast-check';
import { BearerError } from '../../src/index.js';
import { DpopClient, TestIssuer } from '../../testing/index.js';
import { jsonObject } from '../support/json-arbitraries.js';
import { aStrategy } from '../support/factories.js';

const API = 'https://api.example';
let issuer: TestIssuer;
const client = new DpopClient();

beforeAll(async () => {
  issuer = await TestIssuer.start({ audience: API });
});
afterAll(() => issuer.close());

/** What becomes of a request with a good token: the token, or what was thrown. */
function asking() {
  const strategy = aStrategy({ ...issuer.options, dpop: {} });
  const accessToken = issuer.accessToken({ cnf: client.cnf });
  const request = { method: 'GET', url: `${API}/orders`, accessToken };
  const verdictOn = async (dpop: string | readonly string[], url = '/orders') => {
    const headers = { authorization: `DPoP ${accessToken}`, dpop };
    try {
      return await strategy.verify({ method: 'GET', url, headers });
    } catch (error) {
      return error;
    }
  };
  return { verdictOn, request };
}

describe('the header DPoP, whatever is in it', () => {
  it('is refused with a BearerError', async () => {
    const { verdictOn, request } = asking();
    const good = client.proof(request);
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.string(), { maxLength: 3 }),
      fc.tuple(fc.nat(good.length), fc.string()).map(([at, text]) => good.slice(0, at) + text),
    );
    await fc.assert(
      fc.asyncProperty(value, async (dpop) => {
        fc.pre(dpop !== good);
        expect(await verdictOn(dpop)).toBeInstanceOf(BearerError);
      }),
      { numRuns: 1000 },
    );
    expect(await verdictOn(good)).toHaveProperty('subject', 'alice');
  });

  it('is a good proof with any claims and header that are signed, or refused with a BearerError', async () => {
    const { verdictOn, request } = asking();
    const any = fc.oneof(fc.jsonValue(), fc.string(), jsonObject, fc.constant(undefined));
    const some = (...names: string[]) =>
      fc.dictionary(fc.constantFrom(...names), any, { maxKeys: 2, noNullPrototype: true });
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        some('jti', 'htm', 'htu', 'iat', 'ath', 'nonce', 'x'),
        some('typ', 'alg', 'jwk', 'kid', 'x5c', 'x'),
        async (claims, header) => {
          const verdict = await verdictOn(client.proof(request, claims, { header }));
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

  it('is for a request whose address may be anything', async () => {
    const { verdictOn, request } = asking();
    const url = fc.oneof(fc.string({ unit: 'binary' }), fc.webPath());
    await fc.assert(
      fc.asyncProperty(url, async (address) => {
        fc.pre(!address.startsWith('/orders'));
        expect(await verdictOn(client.proof(request), address)).toBeInstanceOf(BearerError);
      }),
      { numRuns: 500 },
    );
  });
});
