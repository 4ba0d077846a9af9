import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { AccessToken } from './token/access-token.js';

/**
 * What the guard leaves the verified token on, as `user`: the HTTP request, the GraphQL context, the socket, the RPC
 * context. Before the context, a reference resolver of a federated graph has one argument less than other resolvers.
 */
const ARGUMENT_OF_CALL: Readonly<Record<string, number>> = { http: 0, ws: 0, rpc: 1, graphql: -2 };

/** Others may leave a `user` of theirs there, and where a call has no context, even its sender may. */
const admitted = new WeakSet<object>();

export function setCaller(context: ExecutionContext, token: AccessToken): void {
  admitted.add(token);
  callOf(context).user = token;
}

export function callerOf(context: ArgumentsHost): AccessToken | undefined {
  const { user } = callOf(context);
  return isAdmitted(user) ? user : undefined;
}

function isAdmitted(user: unknown): user is AccessToken {
  return typeof user === 'object' && user !== null && admitted.has(user);
}

function callOf(context: ArgumentsHost): { user?: unknown } {
  const argument = ARGUMENT_OF_CALL[context.getType()];
  if (argument === undefined) throw new Error(`No token belongs to a call by ${context.getType()}`);
  const args = context.getArgs();
  // A stream of gRPC can be the only argument of its handler.
  return args.at(argument) ?? args[0];
}
