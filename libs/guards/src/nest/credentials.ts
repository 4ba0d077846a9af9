import { InvalidRequest, MissingToken } from './bearer-error.js';

interface HeaderSource {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly rawHeaders?: readonly string[];
}

/**
 * What Express and Fastify requests have in common, and what other transports make of theirs. Fastify keeps Node's
 * request in `raw`.
 */
export interface CredentialCarrier extends HeaderSource {
  readonly raw?: HeaderSource;
  /** Of an HTTP request; what is none has none. */
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** As it was sent, where something in between has taken part of `url` away. */
  readonly originalUrl?: string | undefined;
  readonly body?: unknown;
}

/** How a token is sent: on its own, or with a proof beside it (RFC 9449 §7.1). */
export type Scheme = 'Bearer' | 'DPoP';

/** What the `Authorization` header says. */
export interface Credentials {
  readonly scheme: Scheme;
  /** What follows the scheme. */
  readonly token: string;
}

/** RFC 6750 §2.1, RFC 9449 §7.1. */
const TOKEN_SYNTAX = /^[A-Za-z0-9\-._~+/]+=*$/;

/** In any case (RFC 9110 §11.1). */
const SCHEME = /^(?:bearer|(dpop))(?: +|$)/i;

/**
 * What follows the scheme in the `Authorization` header, which is the only place where a token is read
 * (RFC 9700 §4.3.2).
 *
 * @throws MissingToken when there is no header or it is of another scheme
 * @throws InvalidRequest when there are two, or when a token is in the query or the form as well (RFC 6750 §2)
 */
export function readCredentials(request: CredentialCarrier): Credentials {
  const { authorization } = request.headers;
  if (authorization === undefined) throw new MissingToken();
  if (typeof authorization !== 'string' || hasSeveralCredentials(request)) {
    throw new InvalidRequest('several_credentials');
  }
  const found = SCHEME.exec(authorization);
  if (!found) throw new MissingToken();
  return { scheme: found[1] ? 'DPoP' : 'Bearer', token: authorization.slice(found[0].length) };
}

/** The scheme alone, of credentials that may be worth nothing. */
export function readScheme({ headers: { authorization } }: CredentialCarrier): Scheme {
  return typeof authorization === 'string' && SCHEME.exec(authorization)?.[1] ? 'DPoP' : 'Bearer';
}

/** @throws InvalidRequest when it is not one token and nothing else */
export function checkTokenSyntax(credentials: string): void {
  if (!TOKEN_SYNTAX.test(credentials)) throw new InvalidRequest('malformed_credentials');
}

/**
 * The token of the request, however it is sent.
 *
 * @throws MissingToken
 * @throws InvalidRequest
 */
export function readToken(request: CredentialCarrier): string {
  const { token } = readCredentials(request);
  checkTokenSyntax(token);
  return token;
}

/** Node keeps the first of two Authorization headers, and a proxy may have looked at the other. */
function hasSeveralCredentials(request: CredentialCarrier): boolean {
  return (
    countAuthorizationHeaders(request.raw ?? request) > 1 ||
    hasTokenInQuery(request) ||
    hasTokenInForm(request)
  );
}

function countAuthorizationHeaders({ rawHeaders = [] }: HeaderSource): number {
  let found = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 13 && name.toLowerCase() === 'authorization') found += 1;
  }
  return found;
}

/** RFC 6750 §2.3. */
function hasTokenInQuery({ url = '' }: CredentialCarrier): boolean {
  return url.includes('access_token=') && /[?&]access_token=/.test(url);
}

/** RFC 6750 §2.2. In a body of another type the name may mean anything. */
function hasTokenInForm({ headers, body }: CredentialCarrier): boolean {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'access_token'))
    return false;
  const type = headers['content-type'];
  return typeof type === 'string' && /^application\/x-www-form-urlencoded\b/i.test(type);
}
