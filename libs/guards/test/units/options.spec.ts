import { GuardsConfigurationError, GuardsModule, type GuardsOptions } from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';

const good: GuardsOptions = {
  issuer: 'https://auth.example',
  audience: 'https://api.example',
  algorithms: ['ES256'],
};

/** As a configuration that was not type-checked would have it. */
function untyped(changes: Record<string, unknown>): GuardsOptions {
  return Object.assign({ ...good }, changes);
}

describe('options', () => {
  it.each([
    ['issuer', { issuer: undefined }],
    ['issuer', { issuer: '' }],
    ['issuer', { issuer: 'auth.example' }],
    ['issuer', { issuer: 'http://auth.example' }],
    ['issuer', { issuer: 'http://localhost.evil.example' }],
    ['audience', { audience: undefined }],
    ['algorithms', { algorithms: undefined }],
    ['algorithms', { algorithms: [] }],
    ['algorithms', { algorithms: ['HS256'] }],
    ['algorithms', { algorithms: ['ES256', 'none'] }],
    ['jwksUri', { jwksUri: 'http://auth.example/keys' }],
    ['jwksUri', { jwksUri: 'file:///etc/keys' }],
    ['jwksUri', { jwksUri: 'https://user:word@auth.example/keys' }],
    ['clockToleranceSeconds', { clockToleranceSeconds: 61 }],
    ['clockToleranceSeconds', { clockToleranceSeconds: Number.NaN }],
    ['maxTokenBytes', { maxTokenBytes: 0 }],
    ['keySet.cooldownSeconds', { keySet: { cooldownSeconds: 0 } }],
    ['keySet.timeoutMs', { keySet: { timeoutMs: Infinity } }],
    ['keys', { keys: { keys: [] } }],
    ['keys', { keys: () => ({ keys: [] }), jwksUri: 'https://auth.example/keys' }],
    ['statusListsOrigin', { statusListsOrigin: 'http://auth.example' }],
    ['statusListsOrigin', { statusListsOrigin: 'https://auth.example/lists' }],
    ['statusLists.maxAgeSeconds', { statusLists: { maxAgeSeconds: 0 } }],
    ['statusLists.maxStaleSeconds', { statusLists: { maxAgeSeconds: 60, maxStaleSeconds: 59 } }],
    ['statusLists.whenUnavailable', { statusLists: { whenUnavailable: 'ignore' } }],
    ['resourceMetadataUrl', { resourceMetadataUrl: '/metadata' }],
    ['dpop', { requiresDpop: true }],
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
  ])('a fault in `%s` is refused by name: %j', (name, changes) => {
    expect(() => GuardsModule.forRoot(untyped(changes))).toThrow(GuardsConfigurationError);
    expect(() => GuardsModule.forRoot(untyped(changes))).toThrow(`\`${name}\``);
  });

  it('every fault is reported at once', () => {
    expect(() => resolveOptions(untyped({ issuer: '', audience: '', algorithms: [] }))).toThrow(
      /`audience`[^]*`issuer`[^]*`algorithms`/,
    );
  });

  it.each(['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000'])(
    'plain http is for loopback: %s',
    (issuer) => {
      expect(resolveOptions({ ...good, issuer }).issuers[0]?.issuer).toBe(issuer);
    },
  );

  it('plain http to other hosts has to be written down', () => {
    const jwksUri = 'http://auth:3000/keys';
    expect(
      resolveOptions({ ...good, jwksUri, dangerouslyAllowInsecureHttp: true }).issuers,
    ).toMatchObject([{ jwksUri }]);
  });

  it('an issuer need not be a URL when its keys are elsewhere', () => {
    const jwksUri = 'https://keys.example';
    expect(resolveOptions({ ...good, issuer: 'accounts', jwksUri }).issuers[0]?.issuer).toBe(
      'accounts',
    );
  });

  it.each([
    [
      'the origin of the audience',
      { audience: 'https://api.example/orders' },
      'https://api.example',
    ],
    ['what it is set to', { dpop: { baseUrl: 'https://a.example/b/' } }, 'https://a.example/b'],
  ])('clients reach the server at %s (RFC 9449 §4.3)', (_where, changes, baseUrl) => {
    expect(resolveOptions({ ...good, dpop: {}, ...changes }).dpop).toMatchObject({ baseUrl });
  });

  it('are frozen', () => {
    const resolved = resolveOptions(good);
    expect(Object.isFrozen(resolved) && Object.isFrozen(resolved.issuers[0])).toBe(true);
  });

  it('do not compile without the three that decide whom to trust', () => {
    const { issuer, audience, algorithms } = good;
    // @ts-expect-error issuer is required
    expect(() => GuardsModule.forRoot({ audience, algorithms })).toThrow();
    // @ts-expect-error audience is required
    expect(() => GuardsModule.forRoot({ issuer, algorithms })).toThrow();
    // @ts-expect-error algorithms is required
    expect(() => GuardsModule.forRoot({ issuer, audience })).toThrow();
    // @ts-expect-error HMAC is not an algorithm for a resource server
    expect(() => GuardsModule.forRoot({ issuer, audience, algorithms: ['HS256'] })).toThrow();
    // @ts-expect-error neither is none
    expect(() => GuardsModule.forRoot({ issuer, audience, algorithms: ['none'] })).toThrow();
  });
});
