// several-issuers.ts
import { auth0, type GuardsOptions, keycloak } from '@gatehouse/guards';

export const options: GuardsOptions = {
  audience: 'https://orders.example.com',
  issuers: [
    { issuer: 'https://auth.example.com', algorithms: ['ES256'] },
    auth0({ domain: 'example.eu.auth0.com', audience: 'https://orders.example.com' }),
    keycloak({ url: 'https://sso.example.com', realm: 'partners', audience: 'orders' }),
  ],
};
