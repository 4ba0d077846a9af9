import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import type { AuthMethod } from './client.entity.js';

/** How a client says who it is (RFC 6749 §2.3). */
export interface PresentedCredentials {
  readonly id: string;
  readonly secret: string | undefined;
  readonly method: AuthMethod;
}

const bodyCredentials = z.object({
  client_id: z.string().max(64).optional(),
  client_secret: z.string().max(255).optional(),
});

/** @throws {OAuthError} `invalid_request`, or `invalid_client` where there are no credentials at all */
export function presentedCredentials(request: FastifyRequest): PresentedCredentials {
  const body = bodyCredentials.safeParse(request.body ?? {});
  if (!body.success)
    throw OAuthError.invalidRequest('client_id or client_secret is malformed or repeated.');
  const { client_id: id, client_secret: secret } = body.data;
  const basic = basicCredentials(request);
  if (!basic) return fromBody(id, secret);

  // "The client MUST NOT use more than one authentication method in each request."
  if (secret !== undefined || (id !== undefined && id !== basic.id)) {
    throw OAuthError.invalidRequest('Use one way of client authentication only.');
  }
  return basic;
}

function fromBody(id: string | undefined, secret: string | undefined): PresentedCredentials {
  if (id === undefined) throw OAuthError.invalidClient('no client authentication');
  return { id, secret, method: secret === undefined ? 'none' : 'client_secret_post' };
}

function basicCredentials({ raw }: FastifyRequest): PresentedCredentials | undefined {
  const header = raw.headers.authorization;
  if (header === undefined) return undefined;
  if (countOf('authorization', raw.rawHeaders) > 1) {
    throw OAuthError.invalidRequest('Send one Authorization header.');
  }
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(userPass(header)) ?? [];
  if (id === undefined || secret === undefined) throw malformedHeader();
  return { id: formDecoded(id), secret: formDecoded(secret), method: 'client_secret_basic' };
}

/** Node keeps the first of two; a proxy may have looked at the other. */
const countOf = (name: string, rawHeaders: readonly string[]): number =>
  rawHeaders.filter((text, n) => n % 2 === 0 && text.toLowerCase() === name).length;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** RFC 7617 §2. */
function userPass(header: string): string {
  const [, encoded] = /^basic +([a-z\d+/]+={0,2})$/i.exec(header) ?? [];
  if (encoded === undefined) throw malformedHeader();
  try {
    return utf8.decode(Buffer.from(encoded, 'base64'));
  } catch {
    throw malformedHeader();
  }
}

/** Both parts are form-encoded before they are put together (RFC 6749 §2.3.1). */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformedHeader();
  }
}

const malformedHeader = () => OAuthError.invalidRequest('The Authorization header is malformed.');
