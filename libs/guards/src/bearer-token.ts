import { InvalidRequest, MissingToken } from './bearer-error.js';

interface Headers {
  readonly headers: { readonly authorization?: string | undefined };
  readonly rawHeaders?: readonly string[];
}

/** What Express and Fastify requests have in common. Fastify keeps Node's request in `raw`. */
export interface HttpRequest extends Headers {
  readonly raw?: Headers;
}

/** RFC 6750 §2.1; the scheme in any case (RFC 9110 §11.1). */
const CREDENTIALS = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/**
 * The token of the `Authorization` header, which is the only place it is looked for (RFC 9700 §4.3.2).
 *
 * @throws MissingToken when there is no header or it is of another scheme
 * @throws InvalidRequest when there are two, or the one is not `Bearer` and one token
 */
export function bearerToken(request: HttpRequest): string {
  const { authorization } = request.headers;
  if (authorization === undefined) throw new MissingToken();
  // Node keeps the first of two Authorization headers; a proxy may have looked at the other.
  if (authorizationHeaders(request.raw ?? request) > 1)
    throw new InvalidRequest('several_credentials');
  if (!/^bearer(?: |$)/i.test(authorization)) throw new MissingToken();
  const token = CREDENTIALS.exec(authorization)?.[1];
  if (token === undefined) throw new InvalidRequest('malformed_credentials');
  return token;
}

function authorizationHeaders({ rawHeaders = [] }: Headers): number {
  let found = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 13 && name.toLowerCase() === 'authorization') found += 1;
  }
  return found;
}
