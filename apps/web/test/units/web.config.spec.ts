import { ConfigurationError, describeSettings } from '@gatehouse/service-kit';
import { webConfig, webSettings } from '../../src/web.config.js';
import { createClientKey } from '../support/running-web.js';

const key = createClientKey();
const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://shop.example',
  AUTH_ISSUER: 'https://auth.example',
  CLIENT_KEY: key,
  SESSION_SECRET: 'uqJ2vYx0mC5sKf8ZpWn4RbTgHd7LeAo1',
  ORDERS_URL: 'http://orders:3001',
  ORDERS_RESOURCE: 'https://orders.example',
  BILLING_URL: 'http://billing:3002',
  BILLING_RESOURCE: 'https://billing.example',
};

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    webConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

describe('configuration of web', () => {
  it('needs no settings in development, and names its client after the tool', () => {
    expect(webConfig({})).toMatchObject({
      TOOL: 'shop',
      PORT: 3003,
      PUBLIC_URL: 'http://localhost:3003',
      CLIENT_ID: 'web-shop',
    });
    expect(webConfig({ TOOL: 'back-office', PORT: '3004' })).toMatchObject({
      PUBLIC_URL: 'http://localhost:3004',
      CLIENT_ID: 'web-back-office',
    });
  });

  it('takes the origin of the public address', () => {
    expect(webConfig({ PUBLIC_URL: 'https://Shop.Example:443/' }).PUBLIC_URL).toBe(
      'https://shop.example',
    );
  });

  it('reads the private key as JSON or as base64url of JSON', () => {
    const encoded = Buffer.from(key).toString('base64url');
    expect(webConfig({ CLIENT_KEY: encoded })).toEqual(webConfig({ CLIENT_KEY: key }));
  });

  it.each([
    ['a public key', JSON.stringify({ ...JSON.parse(key), d: undefined })],
    ['a text', 'secret-text'],
    ['an RSA key', '{"kty":"RSA","d":"x"}'],
  ])('rejects %s as the private key, without its value in the message', (_what, CLIENT_KEY) => {
    const faults = faultsOf({ CLIENT_KEY });
    expect(faults).toEqual([expect.stringMatching(/^CLIENT_KEY: must be a private JWK/)]);
    expect(faults.join()).not.toContain('secret-text');
  });

  it('requires its production settings, and https for the addresses that browsers open', () => {
    expect(faultsOf(production)).toEqual([]);
    const { NODE_ENV } = production;
    const required = Object.keys(production).filter((name) => name !== 'NODE_ENV');
    expect(faultsOf({ NODE_ENV }).map((fault) => fault.split(':')[0])).toEqual(
      expect.arrayContaining(required),
    );
    expect(faultsOf({ ...production, PUBLIC_URL: 'http://shop.example' })).toHaveLength(1);
    // Refresh tokens and ID tokens pass there, and openid-client trusts TLS instead of the signature of an ID token.
    expect(faultsOf({ ...production, AUTH_URL: 'http://auth:3000' })).toHaveLength(1);
    expect(faultsOf({ ...production, SESSION_SECRET: 'short' })).toHaveLength(1);
    expect(faultsOf({ ...production, DEMO_ACTIVITY: 'true' })).toHaveLength(1);
  });

  it('describes every setting', () => {
    for (const { description } of describeSettings(webSettings)) expect(description).toMatch(/\.$/);
  });
});
