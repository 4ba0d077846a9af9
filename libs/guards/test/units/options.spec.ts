import { GuardsConfigurationError, GuardsModule, type GuardsOptions } from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';

const valid: GuardsOptions = {
  issuer: 'https://auth.example',
  audience: 'https://api.example',
  algorithms: ['ES256'],
};

/** Options as an unchecked configuration might contain them. */
function untyped(changes: Record<string, unknown>): GuardsOptions {
  return Object.assign({ ...valid }, changes);
}

describe('GuardsModule options', () => {
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
  ])('rejects a fault in `%s` by name: %j', (name, changes) => {
    expect(() => GuardsModule.forRoot(untyped(changes))).toThrow(GuardsConfigurationError);
    expect(() => GuardsModule.forRoot(untyped(changes))).toThrow(`\`${name}\``);
  });

  it.each([
    ['`issuer` must be a string', { issuer: 1 }],
    ['`issuer` must be a string, not null', { issuer: null }],
    ['`audience` must be a string', { audience: ['https://api.example'] }],
    ['`algorithms` must be a list of strings, not of type string', { algorithms: 'ES256' }],
    ['`tokenTypes` must be a list of strings', { tokenTypes: 'JWT' }],
    ['`requiredClaims` must be an object', { requiredClaims: 'token_use' }],
    ['`requiredClaims` must be an object', { requiredClaims: { token_use: [] } }],
    ['`claims` must be an object', { claims: ['sub'] }],
    ['`claims.clientId` must be a list of claims', { claims: { clientId: 'sub' } }],
    ['`claims.scopes` must be a list of claims', { claims: { scopes: 'scp' } }],
    ['`claims.scopes` must be a list of claims', { claims: { scopes: [''] } }],
    ['`claims.tokenId` must be a list of claims', { claims: { tokenId: 'jti' } }],
    ['`claims.audience` must be the name of a claim', { claims: { audience: [] } }],
    ['a number from 0 to 60, not of type string', { clockToleranceSeconds: '5' }],
    [
      '`clockToleranceSeconds` must be a number from 0 to 60, not null',
      { clockToleranceSeconds: null },
    ],
    ['`keySet` must be an object', { keySet: 10 }],
    ['`keySet.timeoutMs` must be a number', { keySet: { timeoutMs: '3000' } }],
    ['`tokenCache` must be an object, not null', { tokenCache: null }],
    ['`ignoresTokenStatus` must be true or false', { ignoresTokenStatus: 'false' }],
    ['`dangerouslyAllowInsecureHttp` must be true or false', { dangerouslyAllowInsecureHttp: '' }],
    ['`servesResourceMetadata` must be true or false', { servesResourceMetadata: 0 }],
    ['`advertisedScopes` must be a list of strings', { advertisedScopes: 'orders:read' }],
    ['`publicControllers` must be a list of classes', { publicControllers: 'Metrics' }],
    ['`publicControllers` must be a list of classes', { publicControllers: ['*'] }],
    ['`publicControllers` must be a list of classes', { publicControllers: [/.*/] }],
    ['`guardedElsewhere` must be a list of classes', { guardedElsewhere: [''] }],
    ["`undeclaredHandlers` must be 'refuse' or 'reportT", { undeclaredHandlers: 'report' }],
    ['`user` must be a function', { user: 'sub' }],
    ['`claims.roles` must be a list of claims', { claims: { roles: 'groups' } }],
    ['`transports` must be a list of transports', { transports: ['ws'] }],
    ['`onRejected` must be a function', { onRejected: 'log' }],
    ['`now` must be a function', { now: 0 }],
    ['`issuers` must be a list of objects', { issuers: { issuer: 'https://auth.example' } }],
    ['`issuers[0]` must be an object', { issuers: ['https://auth.example'] }],
    ['`algorithms` belongs to the entries of `issuers`', { issuers: [{ ...valid }] }],
    ['`issuers[1].claims.clientId` must be', { issuers: [valid, { claims: { clientId: 'x' } }] }],
    ['`algorithm` is not an option: did you mean `algorithms`?', { algorithm: 'ES256' }],
    ['`jwksURI` is not an option: did you mean `jwksUri`?', { jwksURI: 'https://a.example' }],
    ['`keySet.timeout` is not an option', { keySet: { timeout: 1 } }],
    ['`keySet.cooldownSecond` is not an option: did you', { keySet: { cooldownSecond: 1 } }],
    ['`claims.client` is not an option', { claims: { client: ['azp'] } }],
    ['`jsonWebTokenOptions` is not an option', { jsonWebTokenOptions: { issuer: 'x' } }],
  ])('names a wrong shape, which JSON and JavaScript allow: %s', (words, changes) => {
    expect(() => resolveOptions(untyped(changes))).toThrow(GuardsConfigurationError);
    expect(() => resolveOptions(untyped(changes))).toThrow(words);
  });

  it.each([[undefined], [null], ['https://auth.example'], [[]]])(
    'names what to set if the options are %j',
    (options) => {
      expect(() => resolveOptions(JSON.parse(JSON.stringify({ options })).options)).toThrow(
        /`audience`[^]*`issuer`[^]*`algorithms`/,
      );
    },
  );

  it('names an option of a wrong shape once, beside all other faults', () => {
    const changes = { algorithms: 'ES256', jwksUri: 'nowhere', claims: { clientId: 'sub' } };
    expect(() => resolveOptions(untyped({ ...changes, maxTokenBytes: 1 }))).toThrow(
      [
        'The guards are not configured:',
        '`algorithms` must be a list of strings, not of type string',
        "`claims.clientId` must be a list of claims, such as ['client_id'], not of type string",
        '`maxTokenBytes` must be a number from 256 to 65536, not 1',
        '`jwksUri` must be an absolute https URL (or set `jwksUri`)',
      ].join('\n  - '),
    );
  });

  it('puts no value of a wrong shape into the message, because it may be a secret', () => {
    const secret = 'a-secret-that-is-long-enough-for-it';
    expect(() => resolveOptions(untyped({ algorithms: secret }))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) }),
    );
  });

  it('reports all faults at once', () => {
    expect(() => resolveOptions(untyped({ issuer: '', audience: '', algorithms: [] }))).toThrow(
      /`audience`[^]*`issuer`[^]*`algorithms`/,
    );
  });

  it.each(['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000'])(
    'accepts http for a loopback address: %s',
    (issuer) => {
      expect(resolveOptions({ ...valid, issuer }).issuers[0]?.issuer).toBe(issuer);
    },
  );

  it('accepts http to another host only with `dangerouslyAllowInsecureHttp`', () => {
    const jwksUri = 'http://auth:3000/keys';
    expect(
      resolveOptions({ ...valid, jwksUri, dangerouslyAllowInsecureHttp: true }).issuers,
    ).toMatchObject([{ jwksUri }]);
  });

  it('accepts an issuer that is not a URL if `jwksUri` is set', () => {
    const jwksUri = 'https://keys.example';
    expect(resolveOptions({ ...valid, issuer: 'accounts', jwksUri }).issuers[0]?.issuer).toBe(
      'accounts',
    );
  });

  it('freezes the resolved options', () => {
    const resolved = resolveOptions(valid);
    expect(Object.isFrozen(resolved) && Object.isFrozen(resolved.issuers[0])).toBe(true);
  });

  it('makes a missing issuer, audience or algorithm a compile error', () => {
    const { issuer, audience, algorithms } = valid;
    // @ts-expect-error issuer is required
    expect(() => GuardsModule.forRoot({ audience, algorithms })).toThrow();
    // @ts-expect-error audience is required
    expect(() => GuardsModule.forRoot({ issuer, algorithms })).toThrow();
    // @ts-expect-error algorithms is required
    expect(() => GuardsModule.forRoot({ issuer, audience })).toThrow();
    // @ts-expect-error HMAC is not allowed for a resource server
    expect(() => GuardsModule.forRoot({ issuer, audience, algorithms: ['HS256'] })).toThrow();
    // @ts-expect-error the algorithm none is not allowed
    expect(() => GuardsModule.forRoot({ issuer, audience, algorithms: ['none'] })).toThrow();
  });
});
