import { STATUS_CODES } from 'node:http';
import { GraphQLError } from 'graphql';
import type { BearerError } from '../refusals/bearer-error.js';

const CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  503: 'SERVICE_UNAVAILABLE',
};

/** What Apollo takes out of an error and makes part of the HTTP response. */
interface HttpHead {
  readonly headers: ReadonlyMap<string, string>;
  readonly status?: number;
}

/** As in an HTTP response, what it says depends on the class of the refusal alone. */
export function graphqlRefusal(
  refusal: BearerError,
  challenge: string | undefined,
  http: HttpHead | undefined,
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
export function httpHead(
  refusal: BearerError,
  challenge: string | undefined,
  isAnswer: boolean,
): HttpHead {
  const headers = new Map<string, string>();
  if (challenge) headers.set('www-authenticate', challenge);
  for (const [name, value] of Object.entries(refusal.headers)) {
    headers.set(name.toLowerCase(), value);
  }
  return { headers, ...(isAnswer && { status: refusal.getStatus() }) };
}
