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
    serve(`/docs/${name}`, type, () => readAsset(name));
  }
}

const contents = new Map<string, Promise<Buffer>>();

/** Each file is in memory once, so clients that read slowly share it. */
function readAsset(name: string): Promise<Buffer> {
  const known = contents.get(name);
  if (known) return known;
  const content = readFile(require.resolve(`swagger-ui-dist/${name}`));
  contents.set(name, content);
  return content;
}

/** All addresses are relative, so the page also works below a path of a proxy. Calls go to the folder of the page. */
const renderStartScript = (
  login: DocsLogin | undefined,
): string => `const at = (path) => new URL(path, location.href.split(/[?#]/)[0]).href;
fetch(at('docs-json')).then((answer) => answer.json()).then((document) => {
  const ui = SwaggerUIBundle({
    spec: { ...document, servers: [{ url: at('.') }] },
    dom_id: '#swagger-ui',
    presets: [SwaggerUIBundle.presets.apis],
    tryItOutEnabled: true,
    validatorUrl: null,
    oauth2RedirectUrl: at('docs/oauth2-redirect.html'),
  });
${login ? renderInitOAuth(login) : ''}});
`;

const renderInitOAuth = ({ clientId }: DocsLogin): string => `  ui.initOAuth({
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
  <link rel="icon" href="docs/favicon-32x32.png">
  <link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="docs/swagger-ui-bundle.js"></script>
  <script src="docs/start.js"></script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Sends a browser that opens `/` to the page. Other clients get 404, as without this. */
export function showPageAtRoot(fastify: FastifyInstance): void {
  fastify.get('/', (request, reply) => {
    if (!request.headers.accept?.includes('text/html')) return reply.callNotFound();
    // Relative, because a proxy may serve this below a path.
    return reply.code(302).headers({ location: 'docs', vary: 'Accept' }).send();
  });
}
