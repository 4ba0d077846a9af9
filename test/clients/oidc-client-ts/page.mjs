import { fetchOrders, my, REDIRECT_URI, show } from '/browser-steps.mjs';
import { UserManager } from '/oidc-client-ts.mjs';

const manager = new UserManager({
  authority: my.ISSUER,
  client_id: my.CLIENT_ID,
  redirect_uri: REDIRECT_URI,
  post_logout_redirect_uri: `${my.BASE_URL}/`,
  scope: my.SCOPE,
  loadUserInfo: true,
});

await show({
  home: () => 'Welcome',
  login: () => manager.signinRedirect(),
  async callback() {
    await manager.signinCallback();
    return 'Welcome';
  },
  async me() {
    const { name, email } = (await manager.getUser()).profile;
    return { name, email };
  },
  orders: async () => fetchOrders((await manager.getUser()).access_token),
  async refresh() {
    const before = await manager.getUser();
    const after = await manager.signinSilent();
    return { changed: before.access_token !== after.access_token };
  },
  logout: () => manager.signoutRedirect(),
});
