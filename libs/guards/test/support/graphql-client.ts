import type { INestApplication } from '@nestjs/common';
import {
  type Client,
  type ClientOptions,
  createClient,
  type FormattedExecutionResult,
} from 'graphql-ws';
import { WebSocket } from 'ws';

/** What a GraphQL server says of one operation. */
export type GraphQLResult = FormattedExecutionResult<Record<string, unknown>, unknown>;

/** One operation by HTTP. */
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

/** Their `extensions.code`. */
export function errorCodes({ errors = [] }: Pick<GraphQLResult, 'errors'>): unknown[] {
  return errors.map(({ extensions }) => extensions?.['code']);
}

/** Several operations in one HTTP request. */
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
  /** Of the upgrade request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** After the path. */
  readonly query?: string;
}

/** A graphql-ws client. It connects with the first operation, and again only when it is told to. */
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

/** The first thing that the server says to an operation, with which the client leaves. */
export async function nextResult(client: Client, query: string): Promise<GraphQLResult> {
  for await (const outcome of client.iterate<Record<string, unknown>>({ query })) {
    return outcome;
  }
  throw new Error('The server said nothing');
}
