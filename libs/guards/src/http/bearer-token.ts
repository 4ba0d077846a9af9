import { InvalidRequest, MissingToken } from '../refusals/bearer-error.js';

interface Headers {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly rawHeaders?: readonly string[];
}

/**
 * What Express and Fastify requests have in common, and what other transports make of theirs. Fastify keeps Node's
 * request in `raw`.
 */
export interface CredentialCarrier extends Headers {
  readonly raw?: Headers;
  readonly url?: string | undefined;
  readonly body?: unknown;
}

/** RFC 6750 §2.1. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** In any case (RFC 9110 §11.1). */
const SCHEME = /^bearer(?: +|$)/i;

/**
 * What follows the scheme `Bearer` in the `Authorization` header, which is the only place where a token is read
 * (RFC 9700 §4.3.2).
 *
 * @throws MissingToken when there is no header or it is of another scheme
 * @throws InvalidRequest when there are two, or when a token is in the query or the form as well (RFC 6750 §2)
 */
export function bearerCredentials(request: CredentialCarrier): string {
  const { authorization } = request.headers;
  if (authorization === undefined) throw new MissingToken();
  if (typeof authorization !== 'string' || areSeveral(request)) {
    throw new InvalidRequest('several_credentials');
  }
  const scheme = SCHEME.exec(authorization)?.[0];
  if (scheme === undefined) throw new MissingToken();
  return authorization.slice(scheme.length);
}

/** @throws InvalidRequest when it is not one token and nothing else */
export function requireTokenSyntax(credentials: string): void {
  if (!TOKEN.test(credentials)) throw new InvalidRequest('malformed_credentials');
}

/**
 * The token of the request.
 *
 * @throws MissingToken
 * @throws InvalidRequest
 */
export function bearerToken(request: CredentialCarrier): string {
  const credentials = bearerCredentials(request);
  requireTokenSyntax(credentials);
  return credentials;
}

/** Node keeps the first of two Authorization headers, and a proxy may have looked at the other. */
function areSeveral(request: CredentialCarrier): boolean {
  return (
    authorizationHeaders(request.raw ?? request) > 1 || isInQuery(request) || isInForm(request)
  );
}

function authorizationHeaders({ rawHeaders = [] }: Headers): number {
  let found = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 13 && name.toLowerCase() === 'authorization') found += 1;
  }
  return found;
}

/** RFC 6750 §2.3. */
function isInQuery({ url = '' }: CredentialCarrier): boolean {
  return url.includes('access_token=') && /[?&]access_token=/.test(url);
}

/** RFC 6750 §2.2. In a body of another type the name may mean anything. */
function isInForm({ headers, body }: CredentialCarrier): boolean {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'access_token'))
    return false;
  const type = headers['content-type'];
  return typeof type === 'string' && /^application\/x-www-form-urlencoded\b/i.test(type);
}
