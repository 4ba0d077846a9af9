import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { OpenApiOptions } from './openapi.options.js';
import { serveSwaggerPage } from './swagger-page.js';

/** The names that `@ApiBearerAuth` and `@ApiBasicAuth` refer to. */
export const accessTokenScheme = 'access-token';
export const clientScheme = 'client';

/** The document at /docs-json, and at /docs a page from which every route can be called with a token. */
export function serveOpenApi(app: NestFastifyApplication, options: OpenApiOptions): void {
  const document = openApiDocument(app, options);
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/docs-json', (_request, reply) => reply.send(document));
  serveSwaggerPage(fastify, options.title);
}

function openApiDocument(app: NestFastifyApplication, options: OpenApiOptions): OpenAPIObject {
  const { title, description, version = '1.0', basic = false } = options;
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(title)
    .setDescription(description)
    .setVersion(version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'at+jwt' }, accessTokenScheme)
    .addSecurityRequirements(accessTokenScheme);
  if (basic)
    builder
      .addBasicAuth({ type: 'http', scheme: 'basic' }, clientScheme)
      .addSecurityRequirements(clientScheme);
  return SwaggerModule.createDocument(app, builder.build());
}
