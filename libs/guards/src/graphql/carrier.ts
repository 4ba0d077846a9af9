import { OperationTypeNode } from 'graphql';
import type { CredentialCarrier } from '../http/credentials.js';
import { member } from '../member.js';
import { isRequest } from './application-context.js';
import type { Execution } from './execution.js';
import { connectionOf, credentialsOf } from './graphql-ws-connection.js';

const NOWHERE: CredentialCarrier = { headers: {} };

/** Where the credentials of an operation are: nowhere, when the application hides them from its context. */
export function carrierOf({ context, info }: Execution): CredentialCarrier {
  const connection = connectionOf(context);
  if (connection) return credentialsOf(connection);
  // Without its connection a subscription would outlive its token.
  if (info.operation.operation === OperationTypeNode.SUBSCRIPTION) return NOWHERE;
  const req = member(context, 'req');
  return isRequest(req) ? req : NOWHERE;
}
