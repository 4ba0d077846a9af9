import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Algorithm, GuardsOptions, RequestAuthenticator } from '../../src/index.js';
import { VerificationKey } from '../../src/core/verification-key.js';
import { generateSigningKey, signature, TestIssuer } from '../../testing/index.js';
import { anAuthenticator, verifyOrError } from '../support/factories.js';
import { TestClock } from '../support/test-clock.js';

const clock = new TestClock();
let issuer: TestIssuer;

/** An authenticator that has the key of its issuer. A check with a key of P-384 always takes place in a thread. */
async function start(algorithm: Algorithm, changes: Partial<GuardsOptions> = {}) {
  issuer = await TestIssuer.start({ now: clock.now, algorithm });
  const options = { ...issuer.options, ...clock.options, ...changes } as GuardsOptions;
  const authenticator = anAuthenticator(options);
  await authenticator.verifyToken(issuer.accessToken());
  await nextTurn();
  return authenticator;
}
afterEach(() => issuer.close());

/** Verifies new tokens in one turn of the event loop. Returns for each whether a thread checks its signature. */
async function verifyTogether(authenticator: RequestAuthenticator, count: number) {
  const results = Array.from({ length: count }, () =>
    authenticator.verifyToken(issuer.accessToken()),
  );
  await Promise.all(results.map(async (result) => result));
  await nextTurn();
  return results.map((result) => result instanceof Promise);
}

describe('place of a signature check', () => {
  it('checks the first signature of a quiet moment on the event loop, and others in threads', async () => {
    const authenticator = await start('ES256');

    expect(await verifyTogether(authenticator, 4)).toEqual([false, true, true, true]);
    expect(await verifyTogether(authenticator, 1)).toEqual([false]);
  });

  it.each(['ES384', 'ES512'] as const)('checks every %s signature in a thread', async (slow) => {
    const authenticator = await start(slow);

    expect(await verifyTogether(authenticator, 2)).toEqual([true, true]);
  });

  it('checks RS256 signatures with a key of 2048 bits on the event loop', async () => {
    const authenticator = await start('RS256');

    expect(await verifyTogether(authenticator, 3)).toEqual([false, false, false]);
  });

  it.each([
    [0, [false, false, false, false]],
    [2, [true, true, false, false]],
  ])(
    'checks at most %i signatures in threads with that `maxPooledSignatures`',
    async (max, are) => {
      const authenticator = await start('ES384', { maxPooledSignatures: max });

      expect(await verifyTogether(authenticator, 4)).toEqual(are);
    },
  );
});

describe('a signature check in a thread', () => {
  it('the guard checks a token once for requests that bring it together', async () => {
    const authenticator = await start('ES384');
    const token = issuer.accessToken();
    const requests = Array.from({ length: 16 }, async () => authenticator.verifyToken(token));

    expect(new Set(await Promise.all(requests)).size).toBe(1);
    expect(await authenticator.verifyToken(token)).not.toBe(await requests[0]);
  });

  it('refuses every request that brings a forged token, each with an error of its own', async () => {
    const authenticator = await start('ES384');
    const forged = issuer.accessToken({}, { signedBy: generateSigningKey('ES384') });
    const requests = Array.from({ length: 16 }, () => verifyOrError(authenticator, forged));
    const errors = await Promise.all(requests);

    expect(errors).toEqual(Array(16).fill(expect.objectContaining({ reason: 'bad_signature' })));
    expect(new Set(errors).size).toBe(16);
    const accepted = await verifyOrError(authenticator, issuer.accessToken());
    expect(accepted).toHaveProperty('subject', 'alice');
  });

  it('the guard checks the lifetime after the signature, so that no token expires while it waits (RFC 7519 §4.1.4)', async () => {
    const authenticator = await start('ES384');
    const waiting = verifyOrError(authenticator, issuer.accessToken());
    clock.advance({ seconds: 3600 });

    expect(await waiting).toHaveProperty('reason', 'expired');
  });

  it.each(['ES256', 'ES384', 'ES512', 'Ed25519'] as const)(
    'gives the result of the event loop for %s signatures of every length',
    async (algorithm) => {
      await start('ES256');
      const signingKey = generateSigningKey(algorithm);
      const key = new VerificationKey(signingKey.publicKey, algorithm);
      const valid = Buffer.from(signature('text', signingKey), 'base64url');
      const long = Buffer.concat([valid, Buffer.alloc(8)]);
      const signatures = Array.from({ length: long.length }, (_, length) =>
        long.subarray(0, length),
      );
      void key.verify('text', valid, 64);
      const results = signatures.map((each) => key.verify('text', each, 1024));

      expect(results.every((result) => result instanceof Promise)).toBe(true);
      const onEventLoop = signatures.map((each) => key.isValidSignature('text', each));
      expect(await Promise.all(results.map(async (result) => result))).toEqual(onEventLoop);
      expect(onEventLoop.indexOf(true)).toBe(valid.length);
    },
  );
});
