import { cognito } from '../../../src/presets/index.js';
import { oneHour, type Recording, withChanges } from './recording.js';

const CLIENT = '1example23456789abcdefghij';
const SUBJECT = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const ISSUER = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE';

const accessToken = {
  header: { alg: 'RS256' },
  claims: {
    sub: SUBJECT,
    'cognito:groups': ['refunds'],
    iss: ISSUER,
    version: 2,
    client_id: CLIENT,
    origin_jti: '11111111-2222-3333-4444-555555555555',
    event_id: '66666666-7777-8888-9999-000000000000',
    token_use: 'access',
    scope: 'openid https://api.example/orders:read',
    auth_time: oneHour.iat,
    ...oneHour,
    jti: '99999999-8888-7777-6666-555555555555',
    username: 'alice',
  },
};

const idToken = {
  header: { alg: 'RS256' },
  claims: {
    sub: SUBJECT,
    'cognito:groups': ['refunds'],
    email_verified: true,
    iss: ISSUER,
    'cognito:username': 'alice',
    origin_jti: '11111111-2222-3333-4444-555555555555',
    aud: CLIENT,
    event_id: '66666666-7777-8888-9999-000000000000',
    token_use: 'id',
    auth_time: oneHour.iat,
    ...oneHour,
    jti: '12121212-8888-7777-6666-555555555555',
    email: 'alice@example.com',
  },
};

export const cognitoRecording: Recording = {
  product: 'Amazon Cognito',
  preset: cognito({
    region: 'eu-central-1',
    userPoolId: 'eu-central-1_EXAMPLE',
    clientIds: ['0example23456789abcdefghij', CLIENT],
  }),
  accessToken,
  expected: {
    subject: SUBJECT,
    clientId: CLIENT,
    audience: CLIENT,
    scopes: ['openid', 'https://api.example/orders:read'],
    tokenId: '99999999-8888-7777-6666-555555555555',
  },
  alsoAccepted: [
    {
      name: 'of a machine',
      token: withChanges(accessToken, {
        sub: CLIENT,
        username: undefined,
        'cognito:groups': undefined,
      }),
    },
    {
      name: 'of a pool without token revocation, which lacks jti',
      token: withChanges(accessToken, { jti: undefined, origin_jti: undefined }),
    },
  ],
  refused: [
    { name: 'an ID token', token: idToken, reason: 'wrong_audience' },
    {
      name: 'an ID token with the claim client_id of a trigger',
      token: withChanges(idToken, { client_id: CLIENT }),
      reason: 'wrong_type',
    },
    {
      name: 'a token of another app client',
      token: withChanges(accessToken, { client_id: '2example23456789abcdefghij' }),
      reason: 'wrong_audience',
    },
    {
      name: 'a token of another pool',
      token: withChanges(accessToken, {
        iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_OTHER',
      }),
      reason: 'wrong_issuer',
    },
  ],
};
