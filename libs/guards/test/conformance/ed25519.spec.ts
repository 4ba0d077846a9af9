import { verify, createPublicKey } from 'node:crypto';
import { type Algorithm, BearerError } from '../../src/index.js';
import { VerificationKey } from '../../src/core/verification-key.js';
import { generateSigningKey, TestIssuer } from '../../testing/index.js';
import { anAuthenticator, parseKeySet, verifyOrError } from '../support/factories.js';

/** RFC 8037 appendix A.2 and A.4. */
const RFC_KEY = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
const RFC_INPUT = 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc';
const RFC_SIGNATURE =
  'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg';

const signature = () => Buffer.from(RFC_SIGNATURE, 'base64url');

/** The order of the group. Adding it to the second half of a signature must not make another valid signature. */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function addGroupOrder(original: Buffer): Buffer {
  const scalar = BigInt(`0x${original.subarray(32).reverse().toString('hex')}`) + GROUP_ORDER;
  const bytes = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse();
  return Buffer.concat([original.subarray(0, 32), bytes]);
}

const rfcKey = () => new VerificationKey(createPublicKey({ key: RFC_KEY, format: 'jwk' }), 'EdDSA');

describe('signature with Ed25519 (RFC 8037 §3.1)', () => {
  it('accepts the signature that RFC 8037 prints (appendix A.4)', () => {
    expect(rfcKey().isValidSignature(RFC_INPUT, signature())).toBe(true);
  });

  it.each([
    ['for another text', `${RFC_INPUT}x`, signature()],
    ['with a changed bit', RFC_INPUT, Buffer.from(signature().fill(0, 5, 6))],
    [
      'whose scalar is beyond the group order (RFC 8032 §5.1.7)',
      RFC_INPUT,
      addGroupOrder(signature()),
    ],
    ['that is too short', RFC_INPUT, signature().subarray(0, 63)],
    ['that is too long', RFC_INPUT, Buffer.concat([signature(), Buffer.alloc(1)])],
    ['that is empty', RFC_INPUT, Buffer.alloc(0)],
    ['of zeros', RFC_INPUT, Buffer.alloc(64)],
  ])('is refused %s', (_fault, text, bytes) => {
    expect(rfcKey().isValidSignature(text, bytes)).toBe(false);
  });

  it('refuses a key of small order, with which one signature fits every text', async () => {
    const x = Buffer.from('01'.padEnd(64, '0'), 'hex').toString('base64url');
    const forged = Buffer.concat([Buffer.from(x, 'base64url'), Buffer.alloc(32)]);
    const jwk = { ...RFC_KEY, x };
    const key = createPublicKey({ key: jwk, format: 'jwk' });

    // OpenSSL 3.0, that of Node 20, accepts the signature. OpenSSL 3.5, that of Node 24, refuses it.
    const isAccepted = process.versions.openssl.startsWith('3.0.');
    expect(verify(undefined, Buffer.from('any text'), key, forged)).toBe(isAccepted);
    await expect(parseKeySet([{ ...jwk, kid: 'k' }], ['Ed25519'])).rejects.toThrow('sound public');
  });
});

describe('tokens of an issuer that signs with Ed25519', () => {
  let issuer: TestIssuer;
  afterEach(() => issuer.close());

  it.each<[Algorithm]>([['Ed25519'], ['EdDSA']])(
    'are accepted by the name %s',
    async (algorithm) => {
      issuer = await TestIssuer.start({ algorithm });
      const authenticator = anAuthenticator(issuer.options);

      expect(await verifyOrError(authenticator, issuer.accessToken())).toHaveProperty(
        'subject',
        'alice',
      );
      const signedBy = generateSigningKey(algorithm);
      const forged = issuer.accessToken({}, { signedBy });
      expect(await verifyOrError(authenticator, forged)).toHaveProperty('reason', 'bad_signature');
    },
  );

  it.each([
    ['EdDSA in the key, Ed25519 in the token', 'EdDSA', 'Ed25519', 'accepted'],
    ['Ed25519 in the key, EdDSA in the token', 'Ed25519', 'EdDSA', 'accepted'],
    ['no name in the key', undefined, 'EdDSA', 'accepted'],
    ['another algorithm in the token', 'Ed25519', 'ES256', 'refused_algorithm'],
  ])('may use both names if both are allowed: %s (RFC 9864)', async (_name, alg, used, verdict) => {
    issuer = await TestIssuer.start({ algorithm: 'Ed25519' });
    const { publicJwk } = issuer.signingKey;
    issuer.answer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: [{ ...publicJwk, alg }] }));
    });
    const authenticator = anAuthenticator({
      ...issuer.options,
      algorithms: ['Ed25519', 'EdDSA', 'ES256'],
    });
    const result = await verifyOrError(
      authenticator,
      issuer.accessToken({}, { header: { alg: used } }),
    );

    expect(result instanceof BearerError ? result.reason : 'accepted').toBe(verdict);
  });

  it('refuses tokens by a name that is not allowed', async () => {
    issuer = await TestIssuer.start({ algorithm: 'Ed25519' });
    const authenticator = anAuthenticator(issuer.options);
    const token = issuer.accessToken({}, { header: { alg: 'EdDSA' } });
    expect(await verifyOrError(authenticator, token)).toHaveProperty('reason', 'refused_algorithm');
  });
});
