import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { send } from '../support/http.js';
import { type Stack, startStack } from '../support/stack.js';
import { parseTokenPair, refresh, registerAndLogIn, RESOURCES } from '../support/auth-api.js';
import { type AppName, ROOT } from '../support/workspace.js';

type ResourceServer = Exclude<AppName, 'auth'>;
/** Auth itself guards what people do with their own account. */
const GUARDED: readonly AppName[] = ['orders', 'billing', 'auth'];
const RESOURCE_SERVERS: readonly ResourceServer[] = ['orders', 'billing'];
const COLLECTIONS = { orders: '/orders', billing: '/invoices' } as const;

describe.each(['ES256', 'RS256'])('a stack that signs with %s', (algorithm) => {
  let stack: Stack;
  let tokens: Record<ResourceServer, string>;

  beforeAll(async () => {
    stack = await startStack({ SIGNING_ALGORITHM: algorithm, ALGORITHMS: algorithm });
    const { accessToken: orders, refreshToken } = await registerAndLogIn(stack.auth.url);
    const wish = { resource: RESOURCES.billing };
    const { accessToken: billing } = parseTokenPair(
      await refresh(stack.auth.url, refreshToken, wish),
    );
    tokens = { orders, billing };
  });

  it('accepts each token at the service that it is issued for', async () => {
    for (const name of RESOURCE_SERVERS) {
      expect(decodeProtectedHeader(tokens[name])).toMatchObject({ alg: algorithm, typ: 'at+jwt' });
      expect((await collectionOf(name, tokens[name])).status).toBe(200);
    }
  });

  it.each([
    ['orders', 'billing'],
    ['billing', 'orders'],
  ] as const)('has a token for %s refused by %s (RFC 9068 §4)', async (name, other) => {
    const answer = await collectionOf(other, tokens[name]);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  function collectionOf(name: ResourceServer, token: string) {
    return send(`${stack[name].url}${COLLECTIONS[name]}`, { token });
  }
});

/** Not those of staff and services. */
const ADVERTISED = {
  orders: ['orders:read', 'orders:write'],
  billing: ['billing:read', 'billing:pay'],
};

/** Users without a role cannot grant these: RESOURCE_SERVERS marks them. */
const PRIVILEGED = [
  'orders:read:any',
  'billing:admin',
  'billing:refund',
  'billing:invoices:create',
];

/** OpenID Connect Core §5.4, §11: no decorator asks for them one by one. */
const OPENID = [
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
  'roles',
  'groups',
];

describe('metadata documents', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  });

  it.each(RESOURCE_SERVERS)(
    '%s publishes its scopes for users, its name and its issuer (RFC 9728 §2)',
    async (name) => {
      const { body } = await metadataOf(name);
      expect(body).toMatchObject({
        resource: RESOURCES[name],
        authorization_servers: [stack.auth.url],
        scopes_supported: ADVERTISED[name],
      });
      expect(await readDecoratedScopes(name)).toEqual(expect.arrayContaining(ADVERTISED[name]));
    },
  );

  it('lists exactly the scopes that any user can grant, and the resource servers, in the metadata of auth (RFC 8414 §2)', async () => {
    const { body } = await send(`${stack.auth.url}/.well-known/oauth-authorization-server`);
    const scopes = (await Promise.all(GUARDED.map(readDecoratedScopes))).flat();
    expect(scopes).toEqual(expect.arrayContaining(PRIVILEGED));
    const granted = [...scopes, ...OPENID].filter((scope) => !PRIVILEGED.includes(scope));
    expect([body['scopes_supported']].flat().sort()).toEqual([...new Set(granted)].sort());
    const identifiers = RESOURCE_SERVERS.map((name) => RESOURCES[name]);
    expect(body['protected_resources']).toEqual([...identifiers, stack.auth.url]);
  });

  function metadataOf(name: ResourceServer) {
    return send(`${stack[name].url}/.well-known/oauth-protected-resource`);
  }
});

/** What is written at `@RequireScopes(…)` and `@RequireAnyScope(…)` in the sources, sorted. */
async function readDecoratedScopes(name: AppName): Promise<string[]> {
  const folder = join(ROOT, 'apps', name, 'src');
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const sources = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const decorators = sources.flatMap((text) => [
    ...text.matchAll(/@Require(?:Scopes|AnyScope)\(([^)]*)\)/g),
  ]);
  const scopes = decorators.flatMap(([, list = '']) => [...list.matchAll(/'([^']+)'/g)]);
  return [...new Set(scopes.map(([, scope = '']) => scope))].sort();
}
