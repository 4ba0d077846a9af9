import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { OAuthError } from '../platform/oauth-error.js';
import { exactFormText, formText } from '../platform/request-text.js';
import { ASSERTION_TYPE, readUnverifiedClientId } from './client-assertion-verifier.js';

/** Client authentication in the body (RFC 6749 §2.3.1, RFC 7521 §4.2), at every endpoint that asks for it. */
export const clientAuthenticationParameters = {
  client_id: formText(64).optional(),
  client_secret: exactFormText(255).optional(),
  client_assertion_type: formText(255).optional(),
  client_assertion: formText(8192).optional().describe('A JWT (RFC 7523)'),
};

/** The credentials of a request (RFC 6749 §2.3). */
export type PresentedCredentials =
  | { readonly method: 'none'; readonly id: string }
  | {
      readonly method: 'client_secret_basic' | 'client_secret_post';
      readonly id: string;
      readonly secret: string;
    }
  /** The id is the `sub` of the assertion, which is not verified yet. */
  | { readonly method: 'private_key_jwt'; readonly id: string; readonly assertion: string };

const bodyCredentialsSchema = z.object(clientAuthenticationParameters);
type BodyCredentials = z.infer<typeof bodyCredentialsSchema>;

/** @throws {OAuthError} `invalid_request`; `invalid_client` if the request has no credentials, or an unknown assertion type */
export function readPresentedCredentials(request: FastifyRequest): PresentedCredentials {
  const { error, data: body } = bodyCredentialsSchema.safeParse(request.body ?? {});
  if (error) {
    const [issue] = error.issues;
    throw OAuthError.invalidRequest(`The ${issue?.path.join('.')} ${issue?.message}.`);
  }
  const found = [readBasicCredentials(request), readPostedSecret(body), readPostedAssertion(body)];
  const [presented = readPublicClient(body), another] = found.filter((each) => each !== undefined);

  // "The client MUST NOT use more than one authentication method in each request." And client_id must name the same client.
  if (another || ![undefined, presented.id].includes(body.client_id)) {
    throw OAuthError.invalidRequest('Use one way of client authentication only.');
  }
  return presented;
}

function readPublicClient({ client_id: id }: BodyCredentials): PresentedCredentials {
  if (id === undefined)
    throw OAuthError.invalidClient('no_credentials', { hint: 'client_id is missing' });
  return { id, method: 'none' };
}

function readPostedSecret({ client_id, client_secret }: BodyCredentials) {
  if (client_secret === undefined) return undefined;
  const method = 'client_secret_post' as const;
  return { id: client_id ?? '', secret: client_secret, method };
}

/** RFC 7521 §4.2. */
function readPostedAssertion(body: BodyCredentials): PresentedCredentials | undefined {
  const { client_assertion: assertion, client_assertion_type: type } = body;
  if (assertion === undefined && type === undefined) return undefined;
  if (assertion === undefined || type === undefined) {
    throw OAuthError.invalidRequest('client_assertion and its type belong together.');
  }
  if (type !== ASSERTION_TYPE) throw wrongAssertion('client_assertion_type', type, ASSERTION_TYPE);
  const id = readUnverifiedClientId(assertion);
  if (id === undefined) throw wrongAssertion('sub', 'absent', 'the client_id');
  return { id, assertion, method: 'private_key_jwt' };
}

const wrongAssertion = (check: string, presented: string, expected: string) =>
  OAuthError.invalidClient('wrong_assertion', {
    check,
    presented,
    expected,
    hint: `${check} must be ${expected}`,
  });

function readBasicCredentials({ raw }: FastifyRequest): PresentedCredentials | undefined {
  const header = raw.headers.authorization;
  if (header === undefined) return undefined;
  if (countHeaders('authorization', raw.rawHeaders) > 1) {
    throw OAuthError.invalidRequest('Send one Authorization header.');
  }
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(decodeBasicHeader(header)) ?? [];
  if (id === undefined || secret === undefined) throw malformedHeaderError();
  return {
    id: decodeFormValue(id),
    secret: decodeFormValue(secret),
    method: 'client_secret_basic',
  };
}

/** Node keeps the first of two headers, but a proxy may have checked the second. */
const countHeaders = (name: string, rawHeaders: readonly string[]): number =>
  rawHeaders.filter((text, n) => n % 2 === 0 && text.toLowerCase() === name).length;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** RFC 7617 §2. */
function decodeBasicHeader(header: string): string {
  const [, encoded] = /^basic +([a-z\d+/]+={0,2})$/i.exec(header) ?? [];
  if (encoded === undefined) throw malformedHeaderError();
  try {
    return utf8.decode(Buffer.from(encoded, 'base64'));
  } catch {
    throw malformedHeaderError();
  }
}

/** Both parts are form-encoded before the colon joins them (RFC 6749 §2.3.1). */
function decodeFormValue(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformedHeaderError();
  }
}

const malformedHeaderError = () =>
  OAuthError.invalidRequest('The Authorization header is malformed.');
