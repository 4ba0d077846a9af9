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
  const headers = raw.headersDistinct['authorization'] ?? [];
  if (headers.length > 1) throw OAuthError.invalidRequest('Send one Authorization header.');
  const [header] = headers;
  if (header === undefined) return undefined;
  const [, encoded] = /^basic +([a-z\d+/]+={0,2})$/i.exec(header) ?? [];
  const text = encoded === undefined ? undefined : utf8(Buffer.from(encoded, 'base64'));
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(text ?? '') ?? [];
  if (id === undefined || secret === undefined) {
    throw OAuthError.invalidRequest('The Authorization header is malformed.');
  }
  return { id: formDecoded(id), secret: formDecoded(secret), method: 'client_secret_basic' };
}

/** Both parts are form-encoded before they are put together (RFC 6749 §2.3.1). */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw OAuthError.invalidRequest('The Authorization header is malformed.');
  }
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
