import {
  type ArgumentMetadata,
  HttpStatus,
  Injectable,
  StandardSchemaValidationPipe,
} from '@nestjs/common';
import { Problem } from './problem.js';

type Issue = Parameters<SchemaPipe['exceptionFactory']>[0][number];

class SchemaMismatch {
  constructor(readonly issues: readonly Issue[]) {}
}

const MAX_ERRORS = 20;

/** Validates a body or parameter with the schema of its decorator, `@Body({ schema })`. The answer names each invalid member. */
@Injectable()
export class SchemaPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({ exceptionFactory: (issues) => new SchemaMismatch(issues) });
  }

  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    try {
      return await super.transform(value, metadata);
    } catch (error) {
      if (isConversionFailure(error)) throw toProblem([UNREADABLE_VALUE], metadata);
      throw error instanceof SchemaMismatch ? toProblem(error.issues, metadata) : error;
    }
  }
}

const UNREADABLE_VALUE: Issue = { message: 'has an object where a text or a number belongs' };

/** zod compares the `length` of any value, also of one whose type it refuses. An object with its own `toString` then throws. */
const isConversionFailure = (error: unknown): boolean =>
  error instanceof TypeError && error.message === 'Cannot convert object to primitive value';

function toProblem(issues: readonly Issue[], metadata: ArgumentMetadata): Problem {
  const errors = issues
    .slice(0, MAX_ERRORS)
    .map((issue) => ({ detail: issue.message, ...locateIssue(issue, metadata) }));
  return new Problem(HttpStatus.BAD_REQUEST, {
    detail: `The request's ${metadata.type} does not have the form that is asked for.`,
    extensions: { errors },
  });
}

/** A JSON Pointer into the body (as in RFC 9457 §3), or the name of the parameter. */
function locateIssue({ path = [] }: Issue, { type, data }: ArgumentMetadata): object {
  const keys = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  if (type === 'body')
    return { pointer: `#${keys.map((key) => `/${escapePointer(key)}`).join('')}` };
  return { parameter: [...(data === undefined ? [] : [data]), ...keys].join('.') };
}

/** RFC 6901 §3 and §6: `~` and `/` are escaped, then the text is percent-encoded for the fragment. */
function escapePointer(key: string): string {
  return encodeURIComponent(key.replace(/~/g, '~0').replace(/\//g, '~1'));
}
