import type { VerifierOptions } from '@gatehouse/guards/core';
import { AccessTokenVerifier } from '../../src/core/access-token-verifier.js';
import { OptionReader } from '../../src/core/options.js';
import { resolveVerifierOptions } from '../../src/core/resolve-options.js';
import { IssuerRegistry } from '../../src/core/trusted-issuer.js';
import { TestIssuer } from '../../testing/index.js';

let issuer: TestIssuer;

beforeEach(async () => {
  issuer = await TestIssuer.start({ hasStatusList: true });
});
afterEach(() => issuer.close());

/** A verifier as a copy without any part has it. */
function withoutParts(changes: object = {}): AccessTokenVerifier {
  const options = { ...issuer.options, ...changes } as VerifierOptions;
  const reader = new OptionReader();
  const resolved = resolveVerifierOptions(options, reader, { parts: {} });
  reader.throwFaults();
  return new AccessTokenVerifier(resolved, new IssuerRegistry(resolved, {}));
}

const verify = async (verifier: AccessTokenVerifier, token: string) => verifier.verify(token);

describe('copy of the library without its optional parts', () => {
  it('refuses a token with a status, and the reason names the part and the option', async () => {
    await expect(verify(withoutParts(), issuer.accessToken())).rejects.toMatchObject({
      code: 'malformed_claims',
      cause: { message: expect.stringMatching(/the part `status`[^]*`ignoresTokenStatus`/) },
    });
  });

  it('accepts a token with a status of an issuer with `ignoresTokenStatus`, and without a fetch', async () => {
    const verifier = withoutParts({ ignoresTokenStatus: true });
    expect(await verify(verifier, issuer.accessToken())).toHaveProperty('subject', 'alice');
    expect(issuer.statusList.fetches).toBe(0);
  });

  it('accepts a token without a status', async () => {
    const token = issuer.accessToken({ status: undefined });
    expect(await verify(withoutParts(), token)).toHaveProperty('subject', 'alice');
  });

  it.each([
    ['cnf.jkt (RFC 9449 §6.1)', { jkt: 'x'.repeat(43) }],
    ['a certificate (RFC 8705 §3.1)', { 'x5t#S256': 'x'.repeat(43) }],
  ])('refuses a token that is bound to a key by %s', async (_name, cnf) => {
    const token = issuer.accessToken({ cnf, status: undefined });
    await expect(verify(withoutParts(), token)).rejects.toHaveProperty('code', 'bound_token');
  });

  it.each([['statusLists'], ['statusListsOrigin'], ['dpop']])(
    'the copy refuses the option `%s`',
    (name) => {
      expect(() => withoutParts({ [name]: {} })).toThrow(`\`${name}\` is not an option: it needs`);
    },
  );

  it('refuses `requiresDpop` at boot, because it cannot check proofs', () => {
    expect(() => withoutParts({ requiresDpop: true })).toThrow('needs the part `dpop`');
  });
});
