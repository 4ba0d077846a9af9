import type { BearerError } from '../nest/bearer-error.js';
import type { Transport } from '../nest/transport.js';
import { type Execution, findCarrier, getExecution } from './execution.js';
import { findConnection, SocketExpiry } from './graphql-ws-connection.js';
import { buildHttpResponse, toGraphQLError } from './graphql-error.js';
import { RootFields } from './root-fields.js';

/** Queries, mutations, and subscriptions by graphql-ws, of `@nestjs/graphql` with its Apollo driver. */
export function graphqlTransport(): Transport {
  const closingTime = new SocketExpiry();
  const rootFields = new RootFields();

  const head = (refusal: BearerError, execution: Execution, challenge: string | undefined) => {
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
    // GraphQL makes this anew for every execution. The context and the document may be older, and live longer.
    operation: (context) => getExecution(context).info.variableValues,
    admitted(context, remainingMs) {
      const connection = findConnection(getExecution(context).context);
      if (connection) closingTime.schedule(connection.extra.socket, remainingMs);
    },
    refuse(refusal, host, challenge) {
      throw toGraphQLError(refusal, challenge, head(refusal, getExecution(host), challenge));
    },
  };
}
