import { generateKeyPairSync } from 'node:crypto';

const RESOURCE = 'http://localhost:3001';
const SCOPE = 'orders:read orders:write';
const DAY = 86_400;

export const publicClient = 'first-party';
export const service = { id: 'orders-service', secret: 'a-client-secret-of-the-benchmark' };

const CLIENTS = [
  {
    client_id: publicClient,
    token_endpoint_auth_method: 'none',
    grant_types: ['refresh_token', 'authorization_code'],
    redirect_uris: ['http://localhost:3003/callback'],
  },
  {
    client_id: service.id,
    client_secret: service.secret,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: SCOPE,
  },
];

/**
 * oidc-provider set up to do what Gatehouse does for the same request: ES256 access tokens of RFC 9068 for one
 * resource server (RFC 8707), every refresh rotates, no ID token. What is not asked for is switched off.
 *
 * @param {any} adapter
 */
export function configuration(adapter) {
  return {
    adapter,
    jwks: { keys: [signingKey()] },
    clients: CLIENTS,
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['offline_access', ...SCOPE.split(' ')],
    rotateRefreshToken: true,
    findAccount: (/** @type {unknown} */ _context, /** @type {string} */ sub) => ({
      accountId: sub,
      claims: () => ({ sub }),
    }),
    ttl: { AccessToken: 300, ClientCredentials: 300, RefreshToken: 14 * DAY, Grant: 14 * DAY },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resourceServer,
      },
    },
  };
}

const resourceServer = {
  scope: SCOPE,
  audience: RESOURCE,
  accessTokenFormat: 'jwt',
  accessTokenTTL: 300,
  jwt: { sign: { alg: 'ES256' } },
};

function signingKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' };
}

/**
 * Refresh tokens of `count` logins, saved through the provider's own models as its authorization endpoint would.
 *
 * @param {any} provider oidc-provider's Provider
 * @param {number} count
 */
export async function logIn(provider, count) {
  const client = await provider.Client.find(publicClient);
  return Promise.all(Array.from({ length: count }, () => logInOnce(provider, client)));
}

/** @param {any} provider @param {any} client */
async function logInOnce(provider, client) {
  const grant = new provider.Grant({ accountId: 'account', clientId: client.clientId });
  grant.addOIDCScope('offline_access');
  grant.addResourceScope(RESOURCE, SCOPE);
  const token = new provider.RefreshToken({
    accountId: 'account',
    client,
    grantId: await grant.save(),
    gty: 'authorization_code',
    scope: `offline_access ${SCOPE}`,
    resource: RESOURCE,
    expiresWithSession: false,
    rotations: 0,
  });
  return token.save();
}
