import { betterAuth } from '../../../src/presets/index.js';
import { oneHour, type Recording, withChanges } from './recording.js';

const URL = 'https://auth.example';
const USER = 'RBYYqnTlnGNlo24Rs39yQl0MUq66XEeq';
const CLIENT = 'DNDnLjYXVvXsNEMkfpHgdcZlJleNXuUl';

/** Of better-auth 1.7 with the plugins `jwt` and `admin`: the answer of `/api/auth/token`. */
const userToken = {
  header: { alg: 'EdDSA' },
  claims: {
    iat: oneHour.iat,
    name: 'Alice',
    email: 'alice@example.com',
    emailVerified: false,
    image: null,
    createdAt: '2026-11-01T08:00:00.000Z',
    updatedAt: '2026-11-01T08:00:00.000Z',
    role: 'user',
    banned: false,
    banReason: null,
    banExpires: null,
    id: USER,
    sub: USER,
    exp: oneHour.iat + 900,
    iss: URL,
    aud: URL,
  },
};

/** Of its plugin `oauth-provider` 1.7: the answer of `/api/auth/oauth2/token` to a request with `resource`. */
const accessToken = {
  header: { typ: 'at+jwt', alg: 'EdDSA' },
  claims: {
    sub: USER,
    aud: 'https://orders.example',
    client_id: CLIENT,
    azp: CLIENT,
    scope: 'orders:read',
    sid: 'wq1bBzV3Q0mGkW8aHn7mJg2Yt5Rk0LxC',
    iss: `${URL}/api/auth`,
    ...oneHour,
    jti: '7PtD32XCn5h_Bm7yQUJFwqPP9ETme3Ax',
  },
};

const idToken = {
  header: { alg: 'EdDSA' },
  claims: {
    auth_time: oneHour.iat - 5,
    acr: '0',
    at_hash: 'ZmFrZS1hdC1oYXNo',
    iss: `${URL}/api/auth`,
    sub: USER,
    aud: CLIENT,
    nonce: 'bm9uY2U',
    ...oneHour,
  },
};

export const betterAuthRecording: Recording = {
  product: 'better-auth (OAuth provider)',
  preset: betterAuth({ url: URL, plugin: 'oauth-provider' }),
  accessToken,
  expected: {
    subject: USER,
    clientId: CLIENT,
    audience: 'https://orders.example',
    scopes: ['orders:read'],
    tokenId: '7PtD32XCn5h_Bm7yQUJFwqPP9ETme3Ax',
  },
  alsoAccepted: [
    { name: 'of a service', token: withChanges(accessToken, { sub: CLIENT, sid: undefined }) },
  ],
  refused: [
    { name: 'an ID token', token: idToken, reason: 'wrong_type' },
    { name: 'a token of the plugin `jwt`', token: userToken, reason: 'wrong_issuer' },
    {
      name: 'a token of the plugin `jwt` with the issuer of the OAuth provider',
      token: withChanges(userToken, { iss: `${URL}/api/auth`, aud: 'https://orders.example' }),
      reason: 'wrong_type',
    },
    {
      name: 'a logout token',
      token: withChanges(idToken, { events: {} }, { typ: 'logout+jwt' }),
      reason: 'wrong_type',
    },
    {
      name: 'a token for another resource',
      token: withChanges(accessToken, { aud: 'https://billing.example' }),
      reason: 'wrong_audience',
    },
    {
      name: 'a token whose algorithm is the new name of Ed25519',
      token: withChanges(accessToken, {}, { alg: 'Ed25519' }),
      reason: 'refused_algorithm',
    },
  ],
};

export const betterAuthUserRecording: Recording = {
  product: 'better-auth (JWT plugin)',
  preset: betterAuth({ url: `${URL}/`, plugin: 'jwt' }),
  accessToken: userToken,
  expected: { subject: USER, audience: URL, scopes: [] },
  alsoAccepted: [
    {
      name: 'with the payload of `definePayload`',
      token: withChanges(userToken, { name: undefined, email: undefined, organization: 'acme' }),
    },
  ],
  // The plugin publishes its keys with `alg`, and without `use`.
  publishes: ({ use: _use, ...jwk }) => [jwk],
  refused: [
    { name: 'an ID token', token: idToken, reason: 'wrong_issuer' },
    {
      name: 'an ID token with the issuer of the plugin `jwt`',
      token: withChanges(idToken, { iss: URL }),
      reason: 'wrong_audience',
    },
    {
      name: 'an OAuth access token',
      token: withChanges(accessToken, { iss: URL, aud: URL }),
      reason: 'wrong_type',
    },
    {
      name: 'the cookie cache of a session',
      token: withChanges(userToken, {}, { typ: 'better-auth.session-cache+jwt' }),
      reason: 'wrong_type',
    },
    {
      name: 'a token of another server',
      token: withChanges(userToken, { iss: 'https://other.example' }),
      reason: 'wrong_issuer',
    },
  ],
};
