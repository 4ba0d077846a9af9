import { AccessRules, secureOpenApi } from '@gatehouse/guards';
import { accessTokenScheme, type ServiceOptions } from '@gatehouse/service-kit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { AuthConfig } from './auth.config.js';

/** How the authorization server speaks HTTP. */
export const serviceOptions = (config: AuthConfig): ServiceOptions => ({
  name: 'auth',
  logLevel: config.LOG_LEVEL,
  https: config.ISSUER.startsWith('https:'),
  trustProxy: config.TRUST_PROXY,
  bodyLimit: 16_384,
  popups: /^\/(oauth\/authorize|login|register|select-account|consent)\b/,
  acceptForms: true,
  openApi: {
    title: 'Gatehouse: auth',
    description: 'Issues access tokens and rotating refresh tokens.',
    scheme: 'basic',
    complete: withAccessTokens,
  },
});

/** Clients authenticate with their secret; what people do with their own account takes an access token. */
function withAccessTokens(document: OpenAPIObject, app: NestFastifyApplication): void {
  const bearer = { type: 'http', scheme: 'bearer', bearerFormat: 'at+jwt' } as const;
  Object.assign((document.components ??= {}), {
    securitySchemes: { ...document.components.securitySchemes, [accessTokenScheme]: bearer },
  });
  const others = Object.entries(document.paths).filter(([, { post }]) => !post?.security);
  const paths = Object.fromEntries(others);
  secureOpenApi({ paths }, app.get(AccessRules), accessTokenScheme);
}
