import { auth0 } from '../../../src/presets/index.js';
import { oneHour, type Recording, withChanges } from './recording.js';

const CLIENT = 'Zm9vYmFyYmF6cXV4cXV1eGNvcmdl';

const accessToken = {
  header: { alg: 'RS256', typ: 'JWT' },
  claims: {
    iss: 'https://example.eu.auth0.com/',
    sub: 'auth0|507f1f77bcf86cd799439020',
    aud: ['https://api.example', 'https://example.eu.auth0.com/userinfo'],
    ...oneHour,
    scope: 'openid profile orders:read',
    azp: CLIENT,
    permissions: ['orders:read', 'orders:refund'],
  },
};

const idToken = {
  header: { alg: 'RS256', typ: 'JWT' },
  claims: {
    nickname: 'alice',
    name: 'alice@example.com',
    updated_at: '2026-11-01T08:00:00.000Z',
    email: 'alice@example.com',
    email_verified: true,
    iss: 'https://example.eu.auth0.com/',
    aud: CLIENT,
    ...oneHour,
    sub: 'auth0|507f1f77bcf86cd799439020',
    sid: 'pWv5vJ2Yd0qk1v8hGm3x',
    nonce: 'c2VlZGVkLW5vbmNl',
  },
};

const preset = auth0({ domain: 'example.eu.auth0.com', audience: 'https://api.example' });

export const auth0Recording: Recording = {
  product: 'Auth0',
  preset,
  accessToken,
  expected: {
    subject: 'auth0|507f1f77bcf86cd799439020',
    clientId: CLIENT,
    audience: 'https://api.example',
    scopes: ['openid', 'profile', 'orders:read'],
  },
  alsoAccepted: [
    {
      name: 'with the profile of RFC 9068',
      token: withChanges(
        accessToken,
        {
          azp: undefined,
          permissions: undefined,
          client_id: CLIENT,
          jti: '73WakrfVbNJBaAmhQtEeDv',
        },
        { typ: 'at+jwt' },
      ),
    },
    {
      name: 'of a machine, with one audience',
      token: withChanges(accessToken, {
        sub: `${CLIENT}@clients`,
        aud: 'https://api.example',
        gty: 'client-credentials',
        scope: 'orders:read',
        permissions: ['orders:read'],
      }),
    },
  ],
  refused: [
    { name: 'an ID token', token: idToken, reason: 'wrong_audience' },
    {
      name: 'a token of another tenant',
      token: withChanges(accessToken, { iss: 'https://other.eu.auth0.com/' }),
      reason: 'wrong_issuer',
    },
    {
      name: 'the issuer without its slash',
      token: withChanges(accessToken, { iss: 'https://example.eu.auth0.com' }),
      reason: 'wrong_issuer',
    },
    {
      name: 'a token for userinfo only',
      token: withChanges(accessToken, { aud: 'https://example.eu.auth0.com/userinfo' }),
      reason: 'wrong_audience',
    },
    {
      name: 'a token of an API that signs with its secret',
      token: withChanges(accessToken, {}, { alg: 'HS256' }),
      reason: 'refused_algorithm',
    },
  ],
};
