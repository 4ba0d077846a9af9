// several-issuers.ts
import { auth0, type GuardsOptions, keycloak } from '@gatehouse/guards';
import { TestIssuer } from '@gatehouse/guards/testing';

export async function startIssuers() {
  const shop = keycloak({ url: 'https://sso.example.com', realm: 'shop', audience: 'orders' });
  const asShop = await TestIssuer.as(shop);
  const asPartners = await TestIssuer.as(auth0({ domain: 'example.eu.auth0.com' }));
  const options: GuardsOptions = {
    audience: 'https://orders.example.com',
    issuers: [asShop.options, asPartners.options],
  };
  return { asShop, asPartners, options };
}
