import {
  type ChallengeParameters,
  InvalidRequest,
  MissingToken,
  type Scheme,
} from './bearer-error.js';

interface HeaderSource {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly rawHeaders?: readonly string[];
}

/**
 * The common part of Express and Fastify requests. Other transports build one from their messages. Fastify keeps Node's
 * request in `raw`.
 */
export interface CredentialCarrier extends HeaderSource {
  readonly raw?: HeaderSource;
  /** Undefined for other transports than HTTP. */
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** The URL as it was sent, if a router has shortened `url`. */
  readonly originalUrl?: string | undefined;
  readonly body?: unknown;
  /** How to send one token over this transport, if not by the header: the description of `invalid_request`. */
  readonly advice?: string;
}

/** The content of the `Authorization` header. */
export interface Credentials {
  readonly scheme: Scheme;
  /** The text after the scheme. */
  readonly token: string;
}

/** A token that its sender may use only with a proof of its key. */
export interface BoundToken {
  readonly token: string;
  /** Thumbprint of the key that the token is bound to. */
  readonly boundTo: string;
}

/** Accepts tokens that are bound to a key of their client, by the scheme `DPoP`. `dpop/` implements it. */
export interface ProofOfPossession {
  /** True if every issuer binds its tokens, so that challenges offer no bearer token. */
  readonly isRequired: boolean;
  /** Parameters of its challenge, besides those of every challenge. */
  readonly challenge: ChallengeParameters;
  /** Members of the metadata document (RFC 9728 §2). */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Returns a promise only when it must wait. May be called again for the same request. @throws BearerError */
  check(request: CredentialCarrier, bound: BoundToken): void | Promise<void>;
  /** Headers of the answer to an admitted request. */
  answerHeaders(): Readonly<Record<string, string>>;
}

/** Case is ignored (RFC 9110 §11.1). */
export const SCHEME = /^(?:bearer|(dpop))(?: +|$)/i;

/**
 * Reads the `Authorization` header, the only accepted place of a token (RFC 9700 §4.3.2).
 *
 * @throws MissingToken without the header, or with another scheme
 * @throws InvalidRequest with two headers, or with a second token in the query or the form (RFC 6750 §2)
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

/** The scheme of credentials that may be invalid. */
export function readScheme({ headers: { authorization } }: CredentialCarrier): Scheme {
  return typeof authorization === 'string' && SCHEME.exec(authorization)?.[1] ? 'DPoP' : 'Bearer';
}

/** Node keeps the first of two Authorization headers, but a proxy may have checked the second. */
function hasSeveralCredentials(request: CredentialCarrier): boolean {
  const { url = '' } = request;
  // RFC 6750 §2.3.
  if (url.includes('access_token=') && /[?&]access_token=/.test(url)) return true;
  return countAuthorizationHeaders(request.raw ?? request) > 1 || hasTokenInForm(request);
}

function countAuthorizationHeaders({ rawHeaders = [] }: HeaderSource): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length === 13 && name.toLowerCase() === 'authorization') count += 1;
  }
  return count;
}

/** RFC 6750 §2.2. In a body of another type, `access_token` is an ordinary member. */
function hasTokenInForm({ headers, body }: CredentialCarrier): boolean {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'access_token'))
    return false;
  const type = headers['content-type'];
  return typeof type === 'string' && /^application\/x-www-form-urlencoded\b/i.test(type);
}
