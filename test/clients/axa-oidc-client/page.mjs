import { fetchOrders, my, REDIRECT_URI, show } from '/browser-steps.mjs';
import { OidcClient } from '/oidc-client.mjs';

const client = OidcClient.getOrCreate(() => fetch)({
  authority: my.ISSUER,
  client_id: my.CLIENT_ID,
  redirect_uri: REDIRECT_URI,
  scope: my.SCOPE,
});
const isSignedIn = await client.tryKeepExistingSessionAsync();

await show({
  home: () => 'Welcome',
  login: () => client.loginAsync('/'),
  async callback() {
    await client.loginCallbackAsync();
    return 'Welcome';
  },
  async me() {
    if (!isSignedIn) throw new Error('not signed in');
    const { name, email } = await client.userInfoAsync();
    return { name, email };
  },
  orders: async () => fetchOrders(client.tokens.accessToken),
  async refresh() {
    const before = client.tokens.accessToken;
    await client.renewTokensAsync();
    return { changed: client.tokens.accessToken !== before };
  },
  logout: () => client.logoutAsync('/'),
});
