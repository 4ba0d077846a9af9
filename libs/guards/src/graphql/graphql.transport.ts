import type { BearerError } from '../refusals/bearer-error.js';
import type { Transport } from '../transport.js';
import { carrierOf } from './carrier.js';
import { ClosingTime } from './closing-time.js';
import { type Execution, executionOf } from './execution.js';
import { graphqlRefusal, httpHead } from './graphql-refusal.js';
import { connectionOf } from './graphql-ws-connection.js';
import { RootFields } from './root-fields.js';

/** Queries, mutations, and subscriptions by graphql-ws, of `@nestjs/graphql` with its Apollo driver. */
export function graphqlTransport(): Transport {
  const closingTime = new ClosingTime();
  const rootFields = new RootFields();

  const head = (refusal: BearerError, execution: Execution, challenge: string | undefined) => {
    if (connectionOf(execution.context)) return undefined;
    // A batch has one status for all its operations.
    const isBatch = Array.isArray(carrierOf(execution).body);
    return httpHead(refusal, challenge, rootFields.refuse(execution.info) && !isBatch);
  };

  return {
    contextType: 'graphql',
    carrier: (context) => carrierOf(executionOf(context)),
    // GraphQL makes this anew for every execution. The context and the document may be older, and live longer.
    operation: (context) => executionOf(context).info.variableValues,
    admitted(context, remainingMs) {
      const connection = connectionOf(executionOf(context).context);
      if (connection) closingTime.set(connection.extra.socket, remainingMs);
    },
    refuse(refusal, host, challenge) {
      throw graphqlRefusal(refusal, challenge, head(refusal, executionOf(host), challenge));
    },
  };
}
