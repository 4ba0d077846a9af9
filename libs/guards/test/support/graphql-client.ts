import type { INestApplication } from '@nestjs/common';
import {
  type Client,
  type ClientOptions,
  createClient,
  type FormattedExecutionResult,
} from 'graphql-ws';
import { WebSocket } from 'ws';

/** The response of a GraphQL server to one operation. */
export type GraphQLResult = FormattedExecutionResult<Record<string, unknown>, unknown>;

/** Sends one operation over HTTP. */
export async function queryGraph(app: INestApplication, query: string, token?: string) {
  const response = await post(app, { query }, token);
  const { data, errors = [] }: GraphQLResult = JSON.parse(await response.text());
  const { status, headers } = response;
  return {
    status,
    headers,
    data,
    errors,
    codes: errorCodes({ errors }),
  };
}

/** Returns `extensions.code` of each error. */
export function errorCodes({ errors = [] }: Pick<GraphQLResult, 'errors'>): unknown[] {
  return errors.map(({ extensions }) => extensions?.['code']);
}

/** Sends several operations in one HTTP request. */
export async function queryBatch(app: INestApplication, queries: string[], token?: string) {
  const response = await post(
    app,
    queries.map((query) => ({ query })),
    token,
  );
  const outcomes: GraphQLResult[] = JSON.parse(await response.text());
  return { status: response.status, outcomes };
}

async function post(app: INestApplication, body: object, token?: string): Promise<Response> {
  const headers = new Headers({ 'content-type': 'application/json' });
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  const url = `${await app.getUrl()}/graphql`;
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

export interface Connection extends Partial<ClientOptions> {
  /** Headers of the upgrade request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The query string, with its question mark. */
  readonly query?: string;
}

/** A graphql-ws client. It connects at the first operation and reconnects only if `retryAttempts` is set. */
export async function connect(
  app: INestApplication,
  { headers = {}, query = '', ...options }: Connection,
): Promise<Client> {
  class WebSocketWithHeaders extends WebSocket {
    constructor(address: string, protocol: string) {
      super(address, protocol, { headers });
    }
  }
  const url = `${(await app.getUrl()).replace('http', 'ws')}/graphql${query}`;
  return createClient({ url, webSocketImpl: WebSocketWithHeaders, retryAttempts: 0, ...options });
}

export function bearerConnection(token: string): Connection {
  return { connectionParams: { authorization: `Bearer ${token}` } };
}

/** Returns the first result of an operation and ends the operation. */
export async function nextResult(client: Client, query: string): Promise<GraphQLResult> {
  for await (const outcome of client.iterate<Record<string, unknown>>({ query })) {
    return outcome;
  }
  throw new Error('The server sent no result');
}
