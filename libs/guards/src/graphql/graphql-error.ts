import { STATUS_CODES } from 'node:http';
import { GraphQLError } from 'graphql';
import type { BearerError } from '../nest/bearer-error.js';

const CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  503: 'SERVICE_UNAVAILABLE',
};

/** The part of an error that Apollo copies to the HTTP response. */
interface GraphQLHttpResponse {
  readonly headers: ReadonlyMap<string, string>;
  readonly status?: number;
}

/** As in an HTTP answer, the content depends on the class of the refusal, not on its reason. */
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

/** @param isWholeAnswer true if the answer contains only this refusal, so that the HTTP status can be the refusal's */
export function buildHttpResponse(
  refusal: BearerError,
  challenge: string | undefined,
  isWholeAnswer: boolean,
): GraphQLHttpResponse {
  const headers = new Map<string, string>();
  if (challenge) headers.set('www-authenticate', challenge);
  for (const [name, value] of Object.entries(refusal.headers)) {
    headers.set(name.toLowerCase(), value);
  }
  return { headers, ...(isWholeAnswer && { status: refusal.getStatus() }) };
}
