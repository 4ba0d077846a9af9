import { entraId } from '../../../src/presets/index.js';
import { oneHour, type RecordedToken, type Recording, withChanges } from './recording.js';

const TENANT = '11111111-2222-4333-8444-555555555555';
const OTHER_TENANT = '66666666-7777-4888-8999-000000000000';
const API = 'aaaaaaaa-0b0b-4c1c-8d2d-333333333333';
const CLIENT = 'bbbbbbbb-1c1c-4d2d-8e3e-444444444444';
const PERSON = 'cccccccc-2d2d-4e3e-8f4f-555555555555';

/** Microsoft's keys have no `alg`. */
const withoutAlgorithm = ({ alg: _alg, ...jwk }: Readonly<Record<string, unknown>>) => [jwk];

const common = {
  ...oneHour,
  nbf: oneHour.iat,
  aio: 'b3BhcXVl',
  oid: PERSON,
  rh: 'b3BhcXVl',
  roles: ['Orders.Refund'],
  scp: 'Orders.Read Orders.Write',
  sub: 'FAKE-pairwise-subject',
  tid: TENANT,
  uti: 'FAKEutiFAKEutiFAKE',
};

const versionTwo: RecordedToken = {
  header: { typ: 'JWT', alg: 'RS256' },
  claims: {
    ...common,
    aud: API,
    iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
    azp: CLIENT,
    azpacr: '0',
    name: 'Alice',
    preferred_username: 'alice@example.com',
    ver: '2.0',
  },
};

const versionOne: RecordedToken = {
  header: { typ: 'JWT', alg: 'RS256', x5t: 'FAKE-thumbprint' },
  claims: {
    ...common,
    aud: `api://${API}`,
    iss: `https://sts.windows.net/${TENANT}/`,
    acr: '1',
    amr: ['pwd'],
    appid: CLIENT,
    appidacr: '0',
    ipaddr: '192.0.2.7',
    name: 'Alice',
    unique_name: 'alice@example.com',
    upn: 'alice@example.com',
    ver: '1.0',
  },
};

/** Claims of a token that an application gets for itself. */
const applicationClaims = { scp: undefined, idtyp: 'app', oid: PERSON, sub: PERSON };

/** Changes that make an ID token: it names its client in `aud` only. Here that client is also the API. */
const idTokenClaims = {
  scp: undefined,
  azp: undefined,
  azpacr: undefined,
  appid: undefined,
  appidacr: undefined,
  nonce: 'bm9uY2U',
};

const expected = {
  subject: 'FAKE-pairwise-subject',
  clientId: CLIENT,
  scopes: ['Orders.Read', 'Orders.Write'],
  tokenId: 'FAKEutiFAKEutiFAKE',
};

export const entraIdRecording: Recording = {
  product: 'Microsoft Entra ID, version 2.0',
  preset: entraId({ tenantId: TENANT.toUpperCase(), audience: API, version: '2.0' }),
  accessToken: versionTwo,
  expected: { ...expected, audience: API },
  publishes: withoutAlgorithm,
  alsoAccepted: [{ name: 'of an application', token: withChanges(versionTwo, applicationClaims) }],
  refused: [
    {
      name: 'an ID token for another registration',
      token: withChanges(versionTwo, { ...idTokenClaims, aud: CLIENT }),
      reason: 'wrong_audience',
    },
    {
      name: 'an ID token for the registration of the API',
      token: withChanges(versionTwo, idTokenClaims),
      reason: 'malformed_claims',
    },
    {
      name: 'a token of another tenant with the same keys',
      token: withChanges(versionTwo, {
        iss: `https://login.microsoftonline.com/${OTHER_TENANT}/v2.0`,
        tid: OTHER_TENANT,
      }),
      reason: 'wrong_issuer',
    },
    { name: 'a token of version 1.0', token: versionOne, reason: 'wrong_issuer' },
    {
      name: 'a token whose ver names another version',
      token: withChanges(versionTwo, { ver: '1.0' }),
      reason: 'wrong_type',
    },
  ],
};

export const entraIdOneRecording: Recording = {
  product: 'Microsoft Entra ID, version 1.0',
  preset: entraId({ tenantId: TENANT, audience: [API, `api://${API}`], version: '1.0' }),
  accessToken: versionOne,
  expected: { ...expected, audience: `api://${API}` },
  publishes: withoutAlgorithm,
  alsoAccepted: [
    {
      name: 'whose audience is the application ID of the API',
      token: withChanges(versionOne, { ...applicationClaims, aud: API }),
    },
  ],
  refused: [
    {
      name: 'an ID token for the registration of the API',
      token: withChanges(versionOne, { ...idTokenClaims, aud: API }),
      reason: 'malformed_claims',
    },
    {
      name: 'a token of another tenant with the same keys',
      token: withChanges(versionOne, { iss: `https://sts.windows.net/${OTHER_TENANT}/` }),
      reason: 'wrong_issuer',
    },
    {
      name: 'the issuer without its slash',
      token: withChanges(versionOne, { iss: `https://sts.windows.net/${TENANT}` }),
      reason: 'wrong_issuer',
    },
    { name: 'a token of version 2.0', token: versionTwo, reason: 'wrong_issuer' },
    {
      name: "a token for another API, such as Microsoft's own",
      token: withChanges(versionOne, { aud: '00000003-0000-0000-c000-000000000000' }),
      reason: 'wrong_audience',
    },
  ],
};
