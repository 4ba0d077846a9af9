import type { ArgumentsHost } from '@nestjs/common';
import type { GraphQLResolveInfo } from 'graphql';

/** What every resolver is called with: the context of its operation, and where in it the field is. */
export interface Execution {
  /** As the application made it: anything at all. */
  readonly context: unknown;
  readonly info: GraphQLResolveInfo;
}

/** Counted from the end: a reference resolver of a federated graph has no arguments of a field before them. */
export function executionOf(host: ArgumentsHost): Execution {
  const args = host.getArgs();
  return { context: args.at(-2), info: args.at(-1) };
}
