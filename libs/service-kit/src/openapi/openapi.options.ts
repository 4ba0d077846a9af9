import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';

/** How the page gets a token for its user: as a public client of the authorization server, with PKCE. */
export interface DocsLogin {
  /** The issuer; its endpoints are at `/oauth/authorize` and `/oauth/token` below it. */
  readonly issuer: string;
  readonly clientId: string;
  /** The scopes that the page offers, with their descriptions. */
  readonly scopes: Readonly<Record<string, string>>;
}

export interface OpenApiOptions {
  readonly title: string;
  readonly description: string;
  /** Version of the API, not of the OpenAPI document. Default: 1.0. */
  readonly version?: string;
  /** The input of *Authorize*: an access token, or a client's id and secret (RFC 6749 §2.3.1). Default: bearer. */
  readonly scheme?: 'bearer' | 'basic';
  /** Lets users log in from the page, which then sends their token. Default: users paste a token. */
  readonly login?: DocsLogin | undefined;
  /** Adds facts of the started service, such as the scopes of each operation. Default: no additions. */
  readonly complete?: (document: OpenAPIObject, app: NestFastifyApplication) => void;
}
