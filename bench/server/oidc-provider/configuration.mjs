import {
  configuration as tokenEndpointOnly,
  service,
} from '../../refresh/oidc-provider/configuration.mjs';
import { REDIRECT_URI } from '../plan.mjs';

const JWT_RESOURCE = 'http://localhost:3001';
/** It introspects no JWTs: what it is asked about is opaque. */
export const OPAQUE_RESOURCE = 'http://localhost:3009';
const SCOPE = 'orders:read orders:write';

export const codeClient = { id: 'bench-web', redirectUri: REDIRECT_URI };
export { service };

/**
 * As for the token endpoint alone, and with what people need: a login page of its own (see server.mjs), sessions, ID tokens,
 * refresh tokens, no consent for a client of one's own, introspection.
 */
export function configuration(adapter) {
  const base = tokenEndpointOnly(adapter);
  return {
    ...base,
    clients: [
      ...base.clients,
      {
        client_id: codeClient.id,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [codeClient.redirectUri],
        scope: `openid ${SCOPE}`,
      },
    ],
    scopes: ['openid', 'offline_access', ...SCOPE.split(' ')],
    cookies: { keys: ['a key of the benchmark'], long: { signed: true }, short: { signed: true } },
    pkce: { required: () => true },
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    loadExistingGrant,
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    ttl: { ...base.ttl, AuthorizationCode: 60, Interaction: 600, Session: DAY, IdToken: 300 },
    features: {
      ...base.features,
      introspection: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => JWT_RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({
          scope: SCOPE,
          audience: resource,
          accessTokenTTL: 300,
          ...(resource === OPAQUE_RESOURCE
            ? { accessTokenFormat: 'opaque' }
            : { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }),
        }),
      },
    },
  };
}

const DAY = 86_400;

/** The recipe of its documentation for clients that need no consent. */
async function loadExistingGrant(context) {
  const { oidc } = context;
  const known = oidc.result?.consent?.grantId ?? oidc.session.grantIdFor(oidc.client.clientId);
  if (known) return oidc.provider.Grant.find(known);
  const grant = new oidc.provider.Grant({
    clientId: oidc.client.clientId,
    accountId: oidc.session.accountId,
  });
  grant.addOIDCScope(`openid ${SCOPE}`);
  for (const resource of [JWT_RESOURCE, OPAQUE_RESOURCE]) grant.addResourceScope(resource, SCOPE);
  await grant.save();
  return grant;
}
