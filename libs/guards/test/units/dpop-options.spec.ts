import { GuardsConfigurationError, GuardsModule, type GuardsOptions } from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';

const valid = {
  issuer: 'https://auth.example',
  audience: 'https://api.example',
  algorithms: ['ES256'],
} satisfies GuardsOptions;
/** Options as JavaScript and JSON allow them. */
const untyped = (changes: object): GuardsOptions => Object.assign({}, valid, changes);

describe('the option `dpop`', () => {
  it.each<[string, object]>([
    ['requiresDpop', { dpop: {}, requiresDpop: true, ignoresTokenBinding: true }],
    ['dpop.baseUrl', { audience: 'orders', dpop: {} }],
    ['dpop.baseUrl', { dpop: { baseUrl: 'api.example' } }],
    ['dpop.baseUrl', { dpop: { baseUrl: 'ftp://api.example' } }],
    ['dpop.baseUrl', { dpop: { baseUrl: 'https://api.example/?a=b' } }],
    ['dpop.algorithms', { dpop: { algorithms: [] } }],
    ['dpop.algorithms', { dpop: { algorithms: ['ES256', 'HS256'] } }],
    ['dpop.maxProofAgeSeconds', { dpop: { maxProofAgeSeconds: 3600 } }],
    ['dpop.maxProofs', { dpop: { maxProofs: 0 } }],
    ['dpop.nonceLifetimeSeconds', { dpop: { nonceLifetimeSeconds: Infinity } }],
    ['dpop.nonceSecrets', { dpop: { nonceSecrets: [] } }],
    ['dpop.nonceSecrets', { dpop: { nonceSecrets: ['short'] } }],
  ])('rejects a fault in `%s` by name: %j', (name, changes) => {
    expect(() => GuardsModule.forRoot(untyped(changes))).toThrow(GuardsConfigurationError);
    expect(() => GuardsModule.forRoot(untyped(changes))).toThrow(`\`${name}\``);
  });

  it.each<[string, object]>([
    ['`dpop` must be an object', { dpop: true }],
    ['`dpop.usedProofs` must be an object with the method use()', { dpop: { usedProofs: {} } }],
    ['`dpop.nonceSecrets` must be a list of strings or Buffers', { dpop: { nonceSecrets: 'x' } }],
  ])('names a wrong shape, which JSON and JavaScript allow: %s', (words, changes) => {
    expect(() => resolveOptions(untyped(changes))).toThrow(words);
  });

  it.each([
    [
      'the origin of the audience',
      { audience: 'https://api.example/orders' },
      'https://api.example',
    ],
    [
      'the value of `dpop.baseUrl`',
      { dpop: { baseUrl: 'https://a.example/b/' } },
      'https://a.example/b',
    ],
  ])('resolves the base URL of DPoP proofs to %s (RFC 9449 §4.3)', (_where, changes, baseUrl) => {
    expect(resolveOptions({ ...valid, dpop: {}, ...changes }).dpop).toMatchObject({ baseUrl });
  });
});
