// A host of the Model Context Protocol for one user: it calls tools, and sends the browser to auth when it must.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { loadSdk } from './sdk.mjs';

const { PORT, SDK_VERSION, SERVER, ISSUER, CLIENT_ID, SERVICES = '{}' } = process.env;
const sdk = await loadSdk(SDK_VERSION);
const redirectUrl = `http://127.0.0.1:${PORT}/callback`;

/** A client that the operator has registered. There is no `saveClientInformation`, so the SDK registers none. */
class UserProvider {
  redirectUrl = redirectUrl;
  clientMetadata = {
    client_name: 'Notes host',
    redirect_uris: [redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  isOffline = false;

  clientInformation() {
    return { client_id: CLIENT_ID, issuer: ISSUER };
  }
  state() {
    return (this.lastState = randomUUID());
  }
  tokens() {
    return this.current;
  }
  saveTokens(tokens) {
    this.current = tokens;
  }
  saveCodeVerifier(verifier) {
    this.verifier = verifier;
  }
  codeVerifier() {
    return this.verifier;
  }
  redirectToAuthorization(url) {
    // Version 1 of the SDK never requests a refresh token by itself.
    const scope = url.searchParams.get('scope') ?? '';
    if (this.isOffline && !scope.includes('offline_access')) {
      url.searchParams.set('scope', `${scope} offline_access`.trim());
    }
    this.authorizationUrl = url;
  }
}

const SERVICE_PROVIDERS = {
  secret: (options) => new sdk.ClientCredentialsProvider({ ...options, expectedIssuer: ISSUER }),
  key: (options) => new sdk.PrivateKeyJwtProvider({ ...options, expectedIssuer: ISSUER }),
};

async function callTool(authProvider, { tool, text }, transport) {
  const client = new sdk.Client({ name: 'notes-host', version: '1.0.0' });
  await client.connect(transport);
  const result = await client.callTool({ name: tool, arguments: text === null ? {} : { text } });
  await client.close();
  return { result: result.content[0].text, scope: authProvider.tokens()?.scope };
}

const createTransport = (authProvider) =>
  new sdk.StreamableHTTPClientTransport(new URL(SERVER), { authProvider });

const user = new UserProvider();
let pending;

/** @returns the answer, or the address at auth where the user continues */
async function callAsUser(call) {
  const transport = createTransport(user);
  try {
    return await callTool(user, call, transport);
  } catch (error) {
    if (!(error instanceof sdk.UnauthorizedError)) throw error;
    pending = { call, transport };
    return user.authorizationUrl;
  }
}

const ROUTES = {
  '/': () => ({}),
  '/call': (query) => {
    user.isOffline = query.has('offline');
    return callAsUser({ tool: query.get('tool'), text: query.get('text') });
  },
  '/callback': async (query) => {
    if (query.get('state') !== user.lastState) throw new Error('another state');
    await sdk.finish(pending.transport, query);
    return callAsUser(pending.call);
  },
  '/tokens': () => user.tokens() ?? {},
  '/spoil': () => {
    user.saveTokens({ ...user.tokens(), access_token: 'expired' });
    return {};
  },
  '/forget': () => {
    user.saveTokens(undefined);
    return {};
  },
  '/service': (query) => {
    const kind = query.get('kind');
    const provider = SERVICE_PROVIDERS[kind](JSON.parse(SERVICES)[kind]);
    const call = { tool: query.get('tool'), text: query.get('text') };
    return callTool(provider, call, createTransport(provider));
  },
};

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, redirectUrl);
  try {
    const answer = await ROUTES[pathname](searchParams);
    if (answer instanceof URL) response.writeHead(302, { location: answer.href }).end();
    else
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(Number(PORT), '127.0.0.1');
