import type { ArgumentsHost, ExecutionContext } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';

/**
 * Index of the handler argument that gets the verified token as `user`: the HTTP request, the GraphQL context, the
 * socket, or the RPC context. GraphQL counts from the end, because reference resolvers have one argument less.
 */
const CONTEXT_ARGUMENT: Readonly<Record<string, number>> = { http: 0, ws: 0, rpc: 1, graphql: -2 };

/** Separates verified tokens from a `user` that other code, or even the sender of a message, has set. */
const verifiedTokens = new WeakSet<object>();

export function setVerifiedToken(context: ExecutionContext, token: AccessToken): void {
  verifiedTokens.add(token);
  getUserHolder(context).user = token;
}

export function findVerifiedToken(context: ArgumentsHost): AccessToken | undefined {
  const { user } = getUserHolder(context);
  return isVerifiedToken(user) ? user : undefined;
}

function isVerifiedToken(user: unknown): user is AccessToken {
  return typeof user === 'object' && user !== null && verifiedTokens.has(user);
}

function getUserHolder(context: ArgumentsHost): { user?: unknown } {
  const argument = CONTEXT_ARGUMENT[context.getType()];
  if (argument === undefined) throw new Error(`No token belongs to a call by ${context.getType()}`);
  const args = context.getArgs();
  // A gRPC stream can be the only argument of its handler.
  return args.at(argument) ?? args[0];
}
