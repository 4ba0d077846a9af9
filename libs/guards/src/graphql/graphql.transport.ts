import type { BearerError } from '../nest/bearer-error.js';
import type { Transport } from '../nest/transport.js';
import { type Execution, findCarrier, getExecution } from './execution.js';
import { findConnection, SocketExpiry } from './graphql-ws-connection.js';
import { buildHttpResponse, toGraphQLError } from './graphql-error.js';
import { checkEnhancers, findDefaultAccess } from './nested-resolvers.js';
import { Operations } from './operations.js';
import { RootFields } from './root-fields.js';

/** Queries and mutations, and subscriptions by graphql-ws, of `@nestjs/graphql` with its Apollo driver. */
export function graphqlTransport(): Transport {
  const socketExpiry = new SocketExpiry();
  const operations = new Operations();
  const rootFields = new RootFields();

  const findResponse = (
    refusal: BearerError,
    execution: Execution,
    challenge: string | undefined,
  ) => {
    if (findConnection(execution.context)) return undefined;
    // A batch has one status for all its operations.
    const isBatch = Array.isArray(findCarrier(execution).body);
    return buildHttpResponse(
      refusal,
      challenge,
      rootFields.markRefused(execution.info) && !isBatch,
    );
  };

  return {
    contextType: 'graphql',
    carrier: (context) => findCarrier(getExecution(context)),
    // GraphQL creates this object for each execution. The context and the document may be shared by several.
    operation: (context) => operations.of(getExecution(context).info.variableValues),
    defaultAccess: findDefaultAccess,
    checkHandler: (handler, { discovery }) => checkEnhancers(handler, discovery),
    admitted(context, remainingMs) {
      const connection = findConnection(getExecution(context).context);
      if (connection) socketExpiry.schedule(connection.extra.socket, remainingMs);
    },
    refuse(refusal, host, challenge) {
      throw toGraphQLError(
        refusal,
        challenge,
        findResponse(refusal, getExecution(host), challenge),
      );
    },
  };
}
