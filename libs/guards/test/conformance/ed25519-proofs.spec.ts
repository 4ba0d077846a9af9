import { importEmbeddedKey } from '../../src/dpop/embedded-key.js';
import { parseProof, ProofKeyCache } from '../../src/dpop/proof.js';
import { DpopClient, encodePart } from '../../testing/index.js';

/** RFC 8037 appendix A.2. */
const RFC_KEY = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

describe('DPoP proof with Ed25519', () => {
  const options = { algorithms: ['Ed25519' as const] };

  it('cannot use a key of small order, with which one signature fits every text', () => {
    const x = Buffer.from('01'.padEnd(64, '0'), 'hex').toString('base64url');
    expect(importEmbeddedKey('Ed25519', { ...RFC_KEY, x })).toBeUndefined();
  });

  it('computes the thumbprint that RFC 8037 prints for its key (appendix A.3)', () => {
    const header = encodePart({ typ: 'dpop+jwt', alg: 'Ed25519', jwk: RFC_KEY });
    const { thumbprint } = new ProofKeyCache(options).get(header);
    expect(thumbprint).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('proves the possession of its key', () => {
    const client = new DpopClient({ algorithm: 'Ed25519' });
    const url = 'https://api.example/orders';
    const proof = client.proof({ method: 'GET', url });
    const parsed = parseProof(proof, { maxTokenBytes: 8192 }, new ProofKeyCache(options));

    expect(parsed.key.thumbprint).toBe(client.cnf.jkt);
    const { signingInput, signature: bytes } = parsed.jws;
    expect(parsed.key.key.isValidSignature(signingInput, bytes)).toBe(true);
  });
});
