import { okta } from '../../../src/presets/index.js';
import { oneHour, type Recording, withChanges } from './recording.js';

const ISSUER = 'https://example.okta.com/oauth2/default';
const CLIENT = '0oaexampleclient0h7';

const accessToken = {
  header: { alg: 'RS256' },
  claims: {
    ver: 1,
    jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
    iss: ISSUER,
    aud: 'api://default',
    ...oneHour,
    cid: CLIENT,
    uid: '00uexampleuser0h7',
    scp: ['openid', 'orders:read'],
    auth_time: oneHour.iat - 5,
    sub: 'alice@example.com',
  },
};

const idToken = {
  header: { alg: 'RS256' },
  claims: {
    sub: '00uexampleuser0h7',
    name: 'Alice',
    email: 'alice@example.com',
    ver: 1,
    iss: ISSUER,
    aud: CLIENT,
    ...oneHour,
    jti: 'ID.yQwjYTTvVoIFfWJ2mCUuwB5pBvzM0Vy3TmV1V9cW1yU',
    amr: ['pwd'],
    idp: '00oexampleidp0h7',
    nonce: 'bm9uY2U',
    preferred_username: 'alice@example.com',
    auth_time: oneHour.iat - 5,
    at_hash: 'ZmFrZS1hdC1oYXNo',
  },
};

export const oktaRecording: Recording = {
  product: 'Okta',
  preset: okta({
    domain: 'example.okta.com',
    authorizationServerId: 'default',
    audience: 'api://default',
  }),
  accessToken,
  expected: {
    subject: 'alice@example.com',
    clientId: CLIENT,
    audience: 'api://default',
    scopes: ['openid', 'orders:read'],
    tokenId: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
  },
  alsoAccepted: [
    {
      name: 'of a service',
      token: withChanges(accessToken, { sub: CLIENT, uid: undefined, auth_time: undefined }),
    },
  ],
  refused: [
    { name: 'an ID token', token: idToken, reason: 'wrong_audience' },
    {
      name: 'an ID token whose client has the name of the audience',
      token: withChanges(idToken, { aud: 'api://default' }),
      reason: 'malformed_claims',
    },
    {
      name: "a token of the org's authorization server, which is for Okta only",
      token: withChanges(
        accessToken,
        { iss: 'https://example.okta.com', aud: 'https://example.okta.com' },
        { typ: 'application/okta-internal-at+jwt' },
      ),
      reason: 'wrong_issuer',
    },
    {
      name: 'a token with the type of tokens for Okta only',
      token: withChanges(accessToken, {}, { typ: 'application/okta-internal-at+jwt' }),
      reason: 'wrong_type',
    },
    {
      name: 'a token of another authorization server of the org',
      token: withChanges(accessToken, { iss: 'https://example.okta.com/oauth2/ausexample0h7' }),
      reason: 'wrong_issuer',
    },
  ],
};
