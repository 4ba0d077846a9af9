/** The same names in both versions of the SDK. `finish` takes the query of the redirect URI. */
const VERSIONS = {
  async 1() {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    const { StreamableHTTPClientTransport } =
      await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
    const { UnauthorizedError } = await import('@modelcontextprotocol/sdk/client/auth.js');
    const { ClientCredentialsProvider, PrivateKeyJwtProvider } =
      await import('@modelcontextprotocol/sdk/client/auth-extensions.js');
    return {
      ...{ Client, StreamableHTTPClientTransport, UnauthorizedError },
      ...{ ClientCredentialsProvider, PrivateKeyJwtProvider },
      finish: (transport, query) => transport.finishAuth(query.get('code')),
    };
  },
  async 2() {
    const sdk = await import('@modelcontextprotocol/client');
    return { ...sdk, finish: (transport, query) => transport.finishAuth(query) };
  },
};

export const loadSdk = (version) => VERSIONS[version]();
