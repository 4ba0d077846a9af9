import type { ArgumentsHost } from '@nestjs/common';
import { type GraphQLResolveInfo, OperationTypeNode } from 'graphql';
import type { CredentialCarrier } from '../nest/credentials.js';
import { getProperty } from '../transports/messages.js';
import { findConnection, isRequest, readConnectionCredentials } from './graphql-ws-connection.js';

/** The last two arguments of every resolver. */
export interface Execution {
  /** Created by the application, so of any type. */
  readonly context: unknown;
  readonly info: GraphQLResolveInfo;
}

/** Counts from the end, because a reference resolver of a federated graph has one argument less. */
export function getExecution(host: ArgumentsHost): Execution {
  const args = host.getArgs();
  return { context: args.at(-2), info: args.at(-1) };
}

const NO_CREDENTIALS: CredentialCarrier = { headers: {} };

/** Finds the credentials of an operation. Empty if the application's context does not contain the request. */
export function findCarrier({ context, info }: Execution): CredentialCarrier {
  const connection = findConnection(context);
  if (connection) return readConnectionCredentials(connection);
  // Without the connection, the subscription could not be closed when its token ends.
  if (info.operation.operation === OperationTypeNode.SUBSCRIPTION) return NO_CREDENTIALS;
  const req = getProperty(context, 'req');
  return isRequest(req) ? req : NO_CREDENTIALS;
}
