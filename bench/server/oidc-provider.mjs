/** oidc-provider with a login of its own, as a process. Says `{ port, … }` to its parent when it listens. */
import { createServer } from 'node:http';
import { hash, verify } from '@node-rs/argon2';
import Provider from 'oidc-provider';
import { postgresAdapter, sqliteAdapter } from '../refresh/oidc-provider/adapters.mjs';
import {
  configuration as tokenEndpointOnly,
  service,
} from '../refresh/oidc-provider/configuration.mjs';
import { ARGON2, EMAILS, PASSWORD, REDIRECT_URI } from './plan.mjs';

const JWT_RESOURCE = 'http://localhost:3001';
/** It introspects no JWTs: what it is asked about is opaque. */
export const OPAQUE_RESOURCE = 'http://localhost:3009';
const SCOPE = 'orders:read orders:write';

export const codeClient = { id: 'bench-web', redirectUri: REDIRECT_URI };
export { service };

/**
 * As for the token endpoint alone, and with what people need: a login page of its own (see server.mjs), sessions, ID tokens,
 * refresh tokens, no consent for a client of one's own, introspection.
 *
 * @param {any} adapter
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
    issueRefreshToken: (/** @type {unknown} */ _context, /** @type {any} */ client) =>
      client.grantTypeAllowed('refresh_token'),
    loadExistingGrant,
    interactions: {
      url: (/** @type {unknown} */ _context, /** @type {{ uid: string }} */ { uid }) =>
        `/interaction/${uid}`,
    },
    ttl: { ...base.ttl, AuthorizationCode: 60, Interaction: 600, Session: DAY, IdToken: 300 },
    features: {
      ...base.features,
      introspection: { enabled: true },
      resourceIndicators: RESOURCE_INDICATORS,
    },
  };
}

const RESOURCE_INDICATORS = {
  enabled: true,
  defaultResource: () => JWT_RESOURCE,
  useGrantedResource: () => true,
  getResourceServerInfo: (/** @type {unknown} */ _context, /** @type {string} */ resource) => ({
    scope: SCOPE,
    audience: resource,
    accessTokenTTL: 300,
    ...(resource === OPAQUE_RESOURCE
      ? { accessTokenFormat: 'opaque' }
      : { accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }),
  }),
};

const DAY = 86_400;

/**
 * The recipe of its documentation for clients that need no consent.
 *
 * @param {any} context
 */
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

const [store, location] = process.argv.slice(2);
const adapter = store === 'sqlite' ? sqliteAdapter(location) : await postgresAdapter(location);
const provider = new Provider('http://localhost:3000', configuration(adapter));
provider.on('server_error', (/** @type {unknown} */ _context, /** @type {unknown} */ error) =>
  console.error(error),
);

/** By e-mail: where accounts are is not its business, and costs it nothing here. */
const passwords = new Map();
for (const email of EMAILS) passwords.set(email, await hash(PASSWORD, ARGON2));

const callback = provider.callback();
const server = createServer((request, response) => {
  const isOurs = request.url?.startsWith('/interaction/');
  const answer = isOurs ? interaction(request, response) : callback(request, response);
  Promise.resolve(answer).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});

/** @param {any} request @param {import('node:http').ServerResponse} response */
async function interaction(request, response) {
  await provider.interactionDetails(request, response);
  if (request.method === 'GET') return showPage(request.url, response);
  const form = new URLSearchParams(await bodyOf(request));
  const expected = passwords.get(form.get('login'));
  if (!expected || !(await verify(expected, form.get('password') ?? ''))) {
    return response.writeHead(400).end('wrong');
  }
  return provider.interactionFinished(request, response, {
    login: { accountId: form.get('login') },
  });
}

/** @param {string} url @param {import('node:http').ServerResponse} response */
function showPage(url, response) {
  const page = `<!doctype html><title>Sign in</title><form method="post" action="${url}"><input name="login"><input name="password" type="password"><button>Sign in</button></form>`;
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': page.length,
  });
  response.end(page);
}

/** @param {any} request */
async function bodyOf(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send?.({
    port,
    authorizePath: '/auth',
    tokenPath: '/token',
    jwksPath: '/jwks',
    introspectionPath: '/token/introspection',
    codeClient,
    service,
    introspector: service,
    opaqueResource: OPAQUE_RESOURCE,
  });
});
