import { fetchOrders, my, REDIRECT_URI, show } from '/browser-steps.mjs';
import * as oauth from '/oauth4webapi.mjs';

const issuer = new URL(my.ISSUER);
const client = { client_id: my.CLIENT_ID };
const clientAuth = oauth.None();
const load = (name) => JSON.parse(sessionStorage.getItem(name) ?? '{}');
const store = (name, value) => sessionStorage.setItem(name, JSON.stringify(value));
const discover = async () =>
  oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));

async function logIn() {
  const server = await discover();
  const verifier = oauth.generateRandomCodeVerifier();
  store('login', { verifier });
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: my.CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: my.SCOPE,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  location.assign(url);
}

async function handleCallback() {
  const server = await discover();
  const { verifier } = load('login');
  const parameters = oauth.validateAuthResponse(server, client, new URL(location.href));
  const answer = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    clientAuth,
    parameters,
    REDIRECT_URI,
    verifier,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer);
  store('tokens', { ...tokens, sub: oauth.getValidatedIdTokenClaims(tokens).sub });
  return 'Welcome';
}

async function readUser() {
  const server = await discover();
  const { access_token: accessToken, sub } = load('tokens');
  const answer = await oauth.userInfoRequest(server, client, accessToken);
  const { name, email } = await oauth.processUserInfoResponse(server, client, sub, answer);
  return { name, email };
}

async function refresh() {
  const server = await discover();
  const tokens = load('tokens');
  const answer = await oauth.refreshTokenGrantRequest(
    server,
    client,
    clientAuth,
    tokens.refresh_token,
  );
  const next = await oauth.processRefreshTokenResponse(server, client, answer);
  store('tokens', { ...tokens, ...next });
  return { changed: next.access_token !== tokens.access_token };
}

async function logOut() {
  const server = await discover();
  const url = new URL(server.end_session_endpoint);
  url.search = new URLSearchParams({
    id_token_hint: load('tokens').id_token,
    post_logout_redirect_uri: `${my.BASE_URL}/`,
  });
  sessionStorage.clear();
  location.assign(url);
}

await show({
  home: () => 'Welcome',
  login: logIn,
  callback: handleCallback,
  me: readUser,
  orders: () => fetchOrders(load('tokens').access_token),
  refresh,
  logout: logOut,
});
