import type { ServiceOptions } from '@gatehouse/service-kit';
import type { WebConfig } from './web.config.js';

/** HTTP options of the tool. Forms are for back-channel logout. */
export const serviceOptions = (config: WebConfig): ServiceOptions => ({
  name: config.TOOL,
  logLevel: config.LOG_LEVEL,
  https: config.PUBLIC_URL.startsWith('https:'),
  trustProxy: config.TRUST_PROXY,
  acceptForms: true,
});
