import { createHash } from 'node:crypto';
import { html } from '../../pages/html.js';
import { seeOther, toCspSource } from '../../pages/page.js';
import type { Destination } from './authorization-request.js';

type ResponseParameters = Readonly<Record<string, string>>;

/** Creates the response that the browser carries to the client (RFC 6749 §4.1.2). */
export function createAuthorizationResponse(
  destination: Destination,
  parameters: ResponseParameters,
): Response {
  const { redirectUri, responseMode } = destination;
  if (responseMode === 'form_post') return createFormPostResponse(redirectUri, parameters);
  // An existing query of the redirect URI "MUST be retained" (§3.1.2), so the URI is not parsed and written again.
  const separator = redirectUri.includes('?') ? '&' : '?';
  return seeOther(`${redirectUri}${separator}${new URLSearchParams(parameters).toString()}`);
}

const SCRIPT = html`<script>
  document.forms[0].submit();
</script>`;

/** Hash of the bytes between the tags (CSP 3 §2.3.1). */
const SCRIPT_HASH = createHash('sha256')
  .update(SCRIPT.toString().slice('<script>'.length, -'</script>'.length))
  .digest('base64');

/** OAuth 2.0 Form Post Response Mode §2: the form submits itself. Without JavaScript the user presses the button. */
function createFormPostResponse(redirectUri: string, parameters: ResponseParameters): Response {
  const fields = Object.entries(parameters).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Gatehouse</title>
      </head>
      <body>
        <form method="post" action="${redirectUri}">
          ${fields}
          <noscript><button>Continue</button></noscript>
        </form>
        ${SCRIPT}
      </body>
    </html>`;
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${SCRIPT_HASH}'`,
    `form-action ${toCspSource(new URL(redirectUri))}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ];
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store',
  };
  return new Response(body.toString(), { headers });
}
