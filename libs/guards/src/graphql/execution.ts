import type { ArgumentsHost } from '@nestjs/common';
import { type GraphQLResolveInfo, OperationTypeNode } from 'graphql';
import type { CredentialCarrier } from '../nest/credentials.js';
import { getProperty } from '../nest/transport.js';
import { findConnection, isRequest, readConnectionCredentials } from './graphql-ws-connection.js';

/** What every resolver is called with: the context of its operation, and where in it the field is. */
export interface Execution {
  /** As the application made it: anything at all. */
  readonly context: unknown;
  readonly info: GraphQLResolveInfo;
}

/** Counted from the end: a reference resolver of a federated graph has no arguments of a field before them. */
export function getExecution(host: ArgumentsHost): Execution {
  const args = host.getArgs();
  return { context: args.at(-2), info: args.at(-1) };
}

const NO_CREDENTIALS: CredentialCarrier = { headers: {} };

/** Where the credentials of an operation are: nowhere, when the application hides them from its context. */
export function findCarrier({ context, info }: Execution): CredentialCarrier {
  const connection = findConnection(context);
  if (connection) return readConnectionCredentials(connection);
  // Without its connection a subscription would outlive its token.
  if (info.operation.operation === OperationTypeNode.SUBSCRIPTION) return NO_CREDENTIALS;
  const req = getProperty(context, 'req');
  return isRequest(req) ? req : NO_CREDENTIALS;
}
