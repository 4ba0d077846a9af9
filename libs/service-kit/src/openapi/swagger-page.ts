import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import type { DocsLogin, OpenApiOptions } from './openapi.options.js';

const require = createRequire(import.meta.url);

const assets = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
  'oauth2-redirect.html': 'text/html; charset=utf-8',
  'oauth2-redirect.js': 'text/javascript; charset=utf-8',
} as const;

/**
 * Allows what Swagger UI needs: its files, the icons in its style sheet, and calls to this service and to the token endpoint of
 * its login. Nothing is inline.
 */
const createContentSecurityPolicy = (login: DocsLogin | undefined): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    login ? `connect-src 'self' ${new URL(login.issuer).origin}` : "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join(';');

/** The login window keeps its opener while it goes to the issuer and back. */
const selectOpenerPolicy = (path: string): string =>
  path.endsWith('/oauth2-redirect.html') ? 'unsafe-none' : 'same-origin-allow-popups';

/**
 * Swagger UI at /docs. The page of @nestjs/swagger is not used, because its inline styles need a weaker policy, and it needs a
 * static file server for three files.
 */
export function serveSwaggerPage(
  fastify: FastifyInstance,
  { title, login }: Pick<OpenApiOptions, 'title' | 'login'>,
): void {
  const serve = (path: string, type: string, body: () => string | Promise<Buffer>) =>
    fastify.get(path, async (_request, reply) => {
      return reply
        .header('Content-Security-Policy', createContentSecurityPolicy(login))
        .header('Cross-Origin-Opener-Policy', selectOpenerPolicy(path))
        .type(type)
        .send(await body());
    });

  serve('/docs', 'text/html; charset=utf-8', () => renderPage(title));
  serve('/docs/start.js', 'text/javascript; charset=utf-8', () => renderStartScript(login));
  for (const [name, type] of Object.entries(assets)) {
    serve(`/docs/${name}`, type, () => readFile(require.resolve(`swagger-ui-dist/${name}`)));
  }
}

const renderStartScript = (login: DocsLogin | undefined): string => `const ui = SwaggerUIBundle({
  url: '/docs-json',
  dom_id: '#swagger-ui',
  presets: [SwaggerUIBundle.presets.apis],
  tryItOutEnabled: true,
  validatorUrl: null,
  oauth2RedirectUrl: location.origin + '/docs/oauth2-redirect.html',
});
${login ? renderInitOAuth(login) : ''}`;

const renderInitOAuth = ({ clientId }: DocsLogin): string => `ui.initOAuth({
  clientId: ${JSON.stringify(clientId)},
  usePkceWithAuthorizationCodeGrant: true,
});
`;

function renderPage(title: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>${escapeHtml(title)}</title>
  <link rel="icon" href="/docs/favicon-32x32.png">
  <link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script src="/docs/start.js"></script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
