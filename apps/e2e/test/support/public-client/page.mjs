// A single-page app: code flow with PKCE by oauth4webapi. What it keeps, it keeps in the storage of its tab.
import * as oauth from '/oauth4webapi.mjs';

const { issuer, scope, ...client } = await (await fetch('/client.json')).json();
const http = { [oauth.allowInsecureRequests]: true };
const redirectUri = `${location.origin}/callback`;
const server = await oauth.processDiscoveryResponse(
  new URL(issuer),
  await oauth.discoveryRequest(new URL(issuer), http),
);

const tell = (outcome) => {
  document.querySelector('#outcome').textContent = JSON.stringify(outcome);
};
const attempt = (action) =>
  action().then(tell, (error) => tell({ error: error.error ?? `${error}` }));
const kept = () => JSON.parse(sessionStorage.getItem('tokens'));

async function signIn(more = {}) {
  const [verifier, state, nonce] = [1, 2, 3].map(() => oauth.generateRandomCodeVerifier());
  sessionStorage.setItem('request', JSON.stringify({ verifier, state, nonce }));
  location.href = `${server.authorization_endpoint}?${new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  })}`;
}

async function redeem() {
  const { verifier, state, nonce } = JSON.parse(sessionStorage.getItem('request'));
  const answer = oauth.validateAuthResponse(server, client, new URL(location.href), state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    answer,
    redirectUri,
    verifier,
    http,
  );
  const checks = { expectedNonce: nonce, requireIdToken: true };
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, checks);
  await oauth.validateApplicationLevelSignature(server, response, http);
  return keep(tokens);
}

async function refresh() {
  const response = await oauth.refreshTokenGrantRequest(
    server,
    client,
    oauth.None(),
    kept().refresh_token,
    // One access token is for one resource server; this one is for userinfo (RFC 8707 §2.2).
    { ...http, additionalParameters: { resource: issuer } },
  );
  return keep(await oauth.processRefreshTokenResponse(server, client, response));
}

async function userInfo() {
  const { access_token: token, claims } = kept();
  const response = await oauth.userInfoRequest(server, client, token, http);
  if (!response.ok) return { error: response.status, body: await response.text() };
  return oauth.processUserInfoResponse(server, client, claims.sub, response);
}

function keep(tokens) {
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  sessionStorage.setItem('tokens', JSON.stringify({ ...tokens, claims }));
  return { scope: tokens.scope, hasRefreshToken: 'refresh_token' in tokens, claims };
}

const on = (id, action) => document.querySelector(id).addEventListener('click', action);
on('#sign-in', () => signIn());
on('#silent', () => signIn({ prompt: 'none' }));
on('#refresh', () => attempt(refresh));
on('#userinfo', () => attempt(userInfo));
on('#sign-out', () => {
  location.href = `${server.end_session_endpoint}?id_token_hint=${kept().id_token}`;
});
if (location.pathname === '/callback') await attempt(redeem);
document.body.dataset.ready = 'true';
