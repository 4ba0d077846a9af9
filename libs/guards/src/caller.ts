import type { ExecutionContext } from '@nestjs/common';
import type { AccessToken } from './token/access-token.js';

/**
 * What the guard leaves the verified token on, as `user`: the HTTP request, the GraphQL context, the socket, the RPC
 * context. Before the context, a reference resolver of a federated graph has one argument less than other resolvers.
 */
const ARGUMENT_OF_CALL: Readonly<Record<string, number>> = { http: 0, ws: 0, rpc: 1, graphql: -2 };

export function setCaller(context: ExecutionContext, token: AccessToken): void {
  callOf(context).user = token;
}

export function callerOf(context: ExecutionContext): AccessToken | undefined {
  return callOf(context).user;
}

function callOf(context: ExecutionContext): { user?: AccessToken } {
  const argument = ARGUMENT_OF_CALL[context.getType()];
  if (argument === undefined) throw new Error(`No token belongs to a call by ${context.getType()}`);
  const args = context.getArgs();
  // A stream of gRPC can be the only argument of its handler.
  return args.at(argument) ?? args[0];
}
