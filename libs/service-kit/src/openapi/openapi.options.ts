import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';

/** How the page gets a token for whoever reads it: as a public client of the authorization server, with PKCE. */
export interface DocsLogin {
  /** The issuer; its endpoints are at `/oauth/authorize` and `/oauth/token` below it. */
  readonly issuer: string;
  readonly clientId: string;
  /** What can be asked for, with the words for it. */
  readonly scopes: Readonly<Record<string, string>>;
}

export interface OpenApiOptions {
  readonly title: string;
  readonly description: string;
  /** Of the API, not of the OpenAPI document. Default: 1.0. */
  readonly version?: string;
  /** What *Authorize* asks for: an access token, or a client's id and secret (RFC 6749 §2.3.1). Default: bearer. */
  readonly scheme?: 'bearer' | 'basic';
  /** Lets people log in from the page, and puts their token into it. Default: they paste one. */
  readonly login?: DocsLogin | undefined;
  /** Adds what only the started service knows, such as what each operation requires. Default: nothing. */
  readonly complete?: (document: OpenAPIObject, app: NestFastifyApplication) => void;
}
