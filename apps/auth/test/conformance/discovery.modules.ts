import { importJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import { ISSUER } from './end-user.js';
import type { TestProvider } from './test-provider.js';

const lists = z.record(z.string(), z.unknown());
const keySet = z.object({
  keys: z.array(
    z.looseObject({ kty: z.string(), kid: z.string(), use: z.literal('sig'), alg: z.string() }),
  ),
});

/** Modules about discovery of the Config OP plan and of the RP-initiated logout plan. */
export function discoveryModules(op: () => TestProvider): void {
  async function metadata(): Promise<Record<string, unknown>> {
    const http = { [oauth.customFetch]: op().customFetch };
    const response = await oauth.discoveryRequest(new URL(ISSUER), http);
    const copy = response.clone();
    await oauth.processDiscoveryResponse(new URL(ISSUER), response);
    return lists.parse(await copy.json());
  }

  it('oidcc-discovery-endpoint-verification', async () => {
    const published = await metadata();
    for (const [name, value] of Object.entries(published)) {
      if (/_(endpoint|uri)$/.test(name)) expect([name, value]).toEqual([name, secure]);
      if (/_supported$/.test(name) && typeof value !== 'boolean') {
        expect([name, new Set([value].flat()).size]).toEqual([name, [value].flat().length]);
        expect(value).toEqual(expect.arrayContaining([expect.any(String)]));
      }
    }
    expect(published).toMatchObject({
      issuer: ISSUER,
      authorization_endpoint: secure,
      token_endpoint: secure,
      userinfo_endpoint: secure,
      jwks_uri: secure,
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'form_post'],
      grant_types_supported: expect.arrayContaining(['authorization_code', 'refresh_token']),
      subject_types_supported: expect.arrayContaining(['public']),
      id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
      scopes_supported: expect.arrayContaining(['openid', 'offline_access']),
      claims_supported: expect.arrayContaining(['sub', 'auth_time', 'email']),
      claims_parameter_supported: true,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: expect.arrayContaining([
        'client_secret_basic',
        'client_secret_post',
      ]),
    });

    const response = await op().fetch(String(published['jwks_uri']));
    const { keys } = keySet.parse(await response.json());
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
    expect(keys.some(({ alg }) => alg === 'RS256')).toBe(true);
    for (const key of keys) {
      expect(
        Object.keys(key).filter((name) => 'd p q dp dq qi oth k'.split(' ').includes(name)),
      ).toEqual([]);
      expect(await importJWK(key)).toMatchObject({ type: 'public' });
    }
  });

  it('oidcc-rp-initiated-logout-discovery-endpoint-verification', async () => {
    expect((await metadata())['end_session_endpoint']).toEqual(secure);
  });
}

const secure = expect.stringMatching(/^https:\/\/op\.example\/[^?#]*$/);
