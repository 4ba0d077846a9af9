import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { removeTrailingSlash } from '../urls.js';
import type { DocsLogin, OpenApiOptions } from './openapi.options.js';
import { serveSwaggerPage } from './swagger-page.js';

/** The names of the security schemes. */
export const accessTokenScheme = 'access-token';
export const clientScheme = 'client';
const loginScheme = 'login';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;

/** Serves the document at /docs-json, created at the first request, and at /docs a page that can call every route with a token. */
export function serveOpenApi(app: NestFastifyApplication, options: OpenApiOptions): void {
  const fastify = app.getHttpAdapter().getInstance();
  let document: OpenAPIObject | undefined;
  fastify.get('/docs-json', (_request, reply) => {
    document ??= createOpenApiDocument(app, options);
    return reply.send(document);
  });
  serveSwaggerPage(fastify, options);
}

function createOpenApiDocument(
  app: NestFastifyApplication,
  options: OpenApiOptions,
): OpenAPIObject {
  const { title, description, version = '1.0', scheme = 'bearer' } = options;
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(title)
    .setDescription(description)
    .setVersion(version);
  if (scheme === 'basic') builder.addBasicAuth({ type: 'http', scheme }, clientScheme);
  else builder.addBearerAuth({ type: 'http', scheme, bearerFormat: 'at+jwt' }, accessTokenScheme);
  const document = SwaggerModule.createDocument(app, builder.build());
  options.complete?.(document, app);
  if (options.login) addLoginScheme(document, options.login);
  return { ...document, paths: omitMetadataRoute(document.paths) };
}

/** Each operation that accepts an access token also accepts a login: Swagger UI sends the token of the login. */
function addLoginScheme(document: OpenAPIObject, { issuer, scopes }: DocsLogin): void {
  const at = (path: string) => removeTrailingSlash(issuer) + path;
  const flow = { authorizationUrl: at('/oauth/authorize'), tokenUrl: at('/oauth/token'), scopes };
  const { components = {} } = document;
  document.components = components;
  // First, because the page shows the schemes in this order.
  components.securitySchemes = {
    [loginScheme]: { type: 'oauth2', flows: { authorizationCode: flow } },
    ...components.securitySchemes,
  };
  for (const operation of Object.values(document.paths).flatMap(listOperations)) {
    const { security = [] } = operation;
    const logins = security
      .filter((requirement) => accessTokenScheme in requirement)
      .map(({ [accessTokenScheme]: needed = [] }) => ({ [loginScheme]: needed }));
    if (logins.length > 0) operation.security = [...logins, ...security];
  }
}

const listOperations = ({
  get,
  put,
  post,
  delete: remove,
  patch,
}: PathItem): readonly Operation[] =>
  [get, put, post, remove, patch].filter((operation) => operation !== undefined);

/** The metadata of a resource server is for programs (RFC 9728 §3), so the page does not show its route. */
function omitMetadataRoute(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  const { '/.well-known/oauth-protected-resource': _metadata, ...others } = paths;
  return others;
}
