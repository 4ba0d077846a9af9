import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';

export interface OpenApiOptions {
  readonly title: string;
  readonly description: string;
  /** Of the API, not of the OpenAPI document. Default: 1.0. */
  readonly version?: string;
  /** What *Authorize* asks for: an access token, or a client's id and secret (RFC 6749 §2.3.1). Default: bearer. */
  readonly scheme?: 'bearer' | 'basic';
  /** Adds what only the started service knows, such as what each operation requires. Default: nothing. */
  readonly complete?: (document: OpenAPIObject, app: NestFastifyApplication) => void;
}
