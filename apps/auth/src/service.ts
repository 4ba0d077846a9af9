import type { ServiceOptions } from '@gatehouse/service-kit';
import type { AuthConfig } from './auth.config.js';

/** How the authorization server speaks HTTP. */
export const serviceOptions = (config: AuthConfig): ServiceOptions => ({
  name: 'auth',
  logLevel: config.LOG_LEVEL,
  https: config.ISSUER.startsWith('https:'),
  trustProxy: config.TRUST_PROXY,
  bodyLimit: 16_384,
  acceptForms: true,
  openApi: {
    title: 'Gatehouse: auth',
    description: 'Issues access tokens and rotating refresh tokens.',
    scheme: 'basic',
  },
});
