import { keycloak } from '../../../src/presets/index.js';
import { oneHour, type Recording, withChanges } from './recording.js';

const ISSUER = 'https://sso.example/realms/shop';

const accessToken = {
  header: { alg: 'RS256', typ: 'JWT' },
  claims: {
    ...oneHour,
    auth_time: oneHour.iat - 5,
    jti: 'onrtac:5b1b1d2a-3c46-4f0a-9d0b-8f6f1d1f0c11',
    iss: ISSUER,
    aud: ['orders', 'account'],
    sub: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    typ: 'Bearer',
    azp: 'web-shop',
    sid: '0a9a3c1e-2f0d-4f27-8e0e-0a7f8f5b0f52',
    acr: '1',
    'allowed-origins': ['https://shop.example'],
    realm_access: { roles: ['offline_access', 'customer'] },
    resource_access: { orders: { roles: ['refund'] }, account: { roles: ['view-profile'] } },
    scope: 'openid orders:read',
    preferred_username: 'alice',
  },
};

const idToken = withChanges(accessToken, {
  typ: 'ID',
  aud: 'web-shop',
  at_hash: 'ZmFrZS1hdC1oYXNo',
  nonce: 'bm9uY2U',
  scope: undefined,
  realm_access: undefined,
  resource_access: undefined,
});

export const keycloakRecording: Recording = {
  product: 'Keycloak',
  preset: keycloak({ url: 'https://sso.example/', realm: 'shop', audience: 'orders' }),
  accessToken,
  expected: {
    subject: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    clientId: 'web-shop',
    audience: 'orders',
    scopes: ['openid', 'orders:read'],
    tokenId: 'onrtac:5b1b1d2a-3c46-4f0a-9d0b-8f6f1d1f0c11',
  },
  publishes: (jwk) => [{ ...jwk, kid: 'encryption', alg: 'RSA-OAEP', use: 'enc' }, jwk],
  alsoAccepted: [
    {
      name: 'with the type of RFC 9068',
      token: withChanges(accessToken, {}, { typ: 'at+jwt' }),
    },
    {
      name: 'of a service account',
      token: withChanges(accessToken, {
        sid: undefined,
        auth_time: undefined,
        client_id: 'web-shop',
        clientHost: '192.0.2.7',
      }),
    },
  ],
  refused: [
    { name: 'an ID token', token: idToken, reason: 'wrong_audience' },
    {
      name: 'an ID token whose client has the name of the audience',
      token: withChanges(idToken, { aud: 'orders' }),
      reason: 'wrong_type',
    },
    {
      name: 'a logout token',
      token: withChanges(accessToken, { typ: 'Logout' }, { typ: 'logout+jwt' }),
      reason: 'wrong_type',
    },
    {
      name: 'a DPoP-bound token without a proof (RFC 9449 §7.2)',
      token: withChanges(accessToken, {
        typ: 'DPoP',
        cnf: { jkt: 'ZmFrZS10aHVtYnByaW50LW9mLW5vYm9keS1hdC1hbGw' },
      }),
      reason: 'bound_token',
    },
    {
      name: 'a refresh token',
      token: withChanges(accessToken, { typ: 'Refresh', aud: ISSUER }, { alg: 'HS512' }),
      reason: 'refused_algorithm',
    },
    {
      name: 'a token of another realm',
      token: withChanges(accessToken, { iss: 'https://sso.example/realms/staff' }),
      reason: 'wrong_issuer',
    },
    {
      name: 'a token without the audience mapper',
      token: withChanges(accessToken, { aud: 'account' }),
      reason: 'wrong_audience',
    },
  ],
};
