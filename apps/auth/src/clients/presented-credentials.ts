import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { OAuthError } from '../platform/oauth-error.js';
import { exactFormText, formText } from '../platform/request-text.js';
import {
  ASSERTION_TYPE,
  readUnverifiedClientId,
  wrongAssertion,
} from './client-assertion-verifier.js';

/** Client authentication in the body (RFC 6749 §2.3.1, RFC 7521 §4.2), at every endpoint that asks for it. */
export const clientAuthenticationParameters = {
  client_id: formText(64).optional(),
  client_secret: exactFormText(255).optional(),
  client_assertion_type: formText(255).optional(),
  client_assertion: formText(8192).optional().describe('A JWT (RFC 7523)'),
};

/** The credentials of a request (RFC 6749 §2.3). */
export type PresentedCredentials =
  /** Without a secret: the client id alone, in the body or in an Authorization header with an empty password. */
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
  const body = readBody(request);
  const inHeader = readBasicCredentials(request);
  checkOneWay(body, inHeader !== undefined);
  const asserted = readPostedAssertion(body);
  const presented = inHeader ?? asserted ?? readPostedCredentials(body);
  if (![undefined, presented.id].includes(body.client_id)) {
    const place = inHeader ? 'Authorization header' : 'client_assertion';
    throw OAuthError.invalidRequest(`client_id differs from the client of the ${place}.`);
  }
  return presented;
}

function readBody(request: FastifyRequest): BodyCredentials {
  const { error, data } = bodyCredentialsSchema.safeParse(request.body ?? {});
  if (data) return data;
  const [issue] = error.issues;
  throw OAuthError.invalidRequest(`The ${issue?.path.join('.')} ${issue?.message}.`);
}

/** "The client MUST NOT use more than one authentication method in each request" (RFC 6749 §2.3). */
function checkOneWay(body: BodyCredentials, hasHeader: boolean): void {
  const ways = [
    ...(hasHeader ? ['the Authorization header'] : []),
    ...(body.client_secret === undefined ? [] : ['client_secret in the body']),
    ...(body.client_assertion === undefined ? [] : ['client_assertion in the body']),
  ];
  if (ways.length < 2) return;
  throw OAuthError.invalidRequest(
    `Use one way of client authentication only: ${ways.join(' or ')}.`,
  );
}

function readPostedCredentials(body: BodyCredentials): PresentedCredentials {
  const { client_id: id, client_secret: secret } = body;
  if (id === undefined)
    throw OAuthError.invalidClient('no_credentials', { hint: 'client_id is missing' });
  return secret === undefined
    ? { id, method: 'none' }
    : { id, secret, method: 'client_secret_post' };
}

/** RFC 7521 §4.2. */
function readPostedAssertion(body: BodyCredentials): PresentedCredentials | undefined {
  const { client_assertion: assertion, client_assertion_type: type } = body;
  if (assertion === undefined && type === undefined) return undefined;
  if (assertion === undefined || type === undefined) {
    throw OAuthError.invalidRequest('client_assertion and its type belong together.');
  }
  if (type !== ASSERTION_TYPE) {
    throw wrongAssertion('client_assertion_type', { presented: type, expected: ASSERTION_TYPE });
  }
  return { id: readUnverifiedClientId(assertion), assertion, method: 'private_key_jwt' };
}

function readBasicCredentials({ raw }: FastifyRequest): PresentedCredentials | undefined {
  const header = raw.headers.authorization;
  if (header === undefined) return undefined;
  if (countHeaders('authorization', raw.rawHeaders) > 1) {
    throw OAuthError.invalidRequest('Send one Authorization header.');
  }
  if (!/^basic( |$)/i.test(header)) throw unsupportedSchemeError();
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(decodeBasicHeader(header)) ?? [];
  if (id === undefined || secret === undefined) throw malformedHeaderError();
  return toHeaderCredentials(decodeFormValue(id), decodeFormValue(secret));
}

/** "The client MAY omit the [secret] if the client secret is an empty string" (RFC 6749 §2.3.1). Go's x/oauth2 sends it so. */
const toHeaderCredentials = (id: string, secret: string): PresentedCredentials =>
  secret === '' ? { id, method: 'none' } : { id, secret, method: 'client_secret_basic' };

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

/** RFC 6749 §5.2 has `invalid_client` for an "unsupported authentication method". */
const unsupportedSchemeError = () =>
  OAuthError.invalidClient('wrong_method', {
    check: 'scheme of the Authorization header',
    hint: 'the scheme of the Authorization header must be Basic',
  });

const malformedHeaderError = () =>
  OAuthError.invalidRequest(
    'The Authorization header must be HTTP Basic with client_id and secret, each form-encoded.',
  );
