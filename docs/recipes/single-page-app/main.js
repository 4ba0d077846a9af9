import * as oauth from 'openid-client';
import { deviceKey } from './device-key.js';

const ORDERS = 'http://localhost:3001';
const ISSUER = new URL('http://localhost:3000');
const SCOPE = 'openid offline_access orders:read orders:write';
const REDIRECT_URI = `${location.origin}/callback`;

// Plain http is for a server on this machine only.
const execute = ISSUER.protocol === 'http:' ? [oauth.allowInsecureRequests] : [];
const server = await oauth.discovery(ISSUER, 'demo-spa', undefined, oauth.None(), { execute });
const DPoP = oauth.getDPoPHandle(server, await deviceKey());

// The tokens of one tab. A script that takes them cannot use them without the key.
const keep = (name, value) => sessionStorage.setItem(name, JSON.stringify(value));
const kept = (name) => JSON.parse(sessionStorage.getItem(name));

async function signIn() {
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [oauth.randomState(), oauth.randomNonce()];
  keep('checks', { pkceCodeVerifier, expectedState, expectedNonce });
  const challenge = await oauth.calculatePKCECodeChallenge(pkceCodeVerifier);
  location.href = oauth.buildAuthorizationUrl(server, {
    ...{ redirect_uri: REDIRECT_URI, scope: SCOPE, resource: ORDERS },
    ...{ state: expectedState, nonce: expectedNonce },
    ...{ code_challenge: challenge, code_challenge_method: 'S256' },
  }).href;
}

async function redeem() {
  const answer = new URL(location.href);
  history.replaceState(null, '', '/');
  keepTokens(await oauth.authorizationCodeGrant(server, answer, kept('checks'), {}, { DPoP }));
}

function keepTokens({ access_token, refresh_token, expires_in }) {
  keep('tokens', { access_token, refresh_token, refreshAt: Date.now() + (expires_in - 2) * 1000 });
  return access_token;
}

async function accessToken() {
  const { access_token, refresh_token, refreshAt } = kept('tokens');
  if (Date.now() < refreshAt) return access_token;
  const parameters = { resource: ORDERS };
  return keepTokens(await oauth.refreshTokenGrant(server, refresh_token, parameters, { DPoP }));
}

async function call(method, path, body = null) {
  const request = [new URL(path, ORDERS), method, body && JSON.stringify(body)];
  const headers = new Headers(body ? { 'content-type': 'application/json' } : {});
  const token = await accessToken();
  const answer = await oauth.fetchProtectedResource(server, token, ...request, headers, { DPoP });
  if (!answer.ok) throw new Error(`${method} ${path} gave ${answer.status}`);
  return answer.json();
}

async function list() {
  const { orders } = await call('GET', '/orders');
  const items = orders.map(() => document.createElement('li'));
  for (const [at, { id, state }] of orders.entries()) items[at].textContent = `${id}: ${state}`;
  document.querySelector('ol').replaceChildren(...items);
}

async function order() {
  const items = [{ sku: 'tea', quantity: 2, unitPriceMinor: 450 }];
  await call('POST', '/orders', { items, currency: 'EUR' });
  await list();
}

async function signOut() {
  await oauth.tokenRevocation(server, kept('tokens').refresh_token);
  sessionStorage.clear();
  document.querySelector('ol').replaceChildren();
}

const show = (text) => (document.querySelector('[role=status]').textContent = text);
const attempt = (action) => action().catch((error) => show(error.message));
for (const action of [signIn, order, list, signOut]) {
  document.getElementById(action.name).onclick = () => attempt(action);
}
if (location.pathname === '/callback') await attempt(redeem);
if (kept('tokens')) await attempt(list);
