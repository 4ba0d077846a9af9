import { STATUS_CODES } from 'node:http';
import { GraphQLError } from 'graphql';
import type { BearerError } from '../nest/bearer-error.js';

const CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  503: 'SERVICE_UNAVAILABLE',
};

/** What Apollo takes out of an error and makes part of the HTTP response. */
interface GraphQLHttpResponse {
  readonly headers: ReadonlyMap<string, string>;
  readonly status?: number;
}

/** As in an HTTP response, what it says depends on the class of the refusal alone. */
export function toGraphQLError(
  refusal: BearerError,
  challenge: string | undefined,
  http: GraphQLHttpResponse | undefined,
): GraphQLError {
  const status = refusal.getStatus();
  return new GraphQLError(STATUS_CODES[status] ?? 'Unauthorized', {
    extensions: {
      code: CODES[status] ?? 'UNAUTHENTICATED',
      ...(challenge && { challenge }),
      ...(http && { http }),
    },
  });
}

/** @param isAnswer whether the refusal is all that there is to answer, so that the status is its own */
export function buildHttpResponse(
  refusal: BearerError,
  challenge: string | undefined,
  isAnswer: boolean,
): GraphQLHttpResponse {
  const headers = new Map<string, string>();
  if (challenge) headers.set('www-authenticate', challenge);
  for (const [name, value] of Object.entries(refusal.headers)) {
    headers.set(name.toLowerCase(), value);
  }
  return { headers, ...(isAnswer && { status: refusal.getStatus() }) };
}
