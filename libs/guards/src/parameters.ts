import {
  type ArgumentMetadata,
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
} from '@nestjs/common';
import { callerOf } from './caller.js';
import { InsufficientClaims } from './refusals/bearer-error.js';
import { declaredAccess } from './rules/access-rule.js';
import type { AccessToken as VerifiedToken } from './token/access-token.js';
import { claimAt, type ClaimPath } from './token/claims.js';

/** The token of the call, as a parameter of a handler that requires one, or `undefined` under `@OptionalToken()`. */
export const AccessToken = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return callerOf(context) ?? nobody(context);
});

export type AccessToken = VerifiedToken;

/**
 * A claim of the token, as a parameter. A parameter that is declared as `string`, `number`, `boolean` or an array
 * gets that, or the call is refused with 403.
 *
 * @param path its name, or the names from the outside in
 */
export function Claim(path: ClaimPath, options: { optional?: boolean } = {}): ParameterDecorator {
  return ClaimParameter(path, new DeclaredType(options.optional ?? false));
}

const ClaimParameter = createParamDecorator((path: ClaimPath, context: ExecutionContext) => {
  const token = callerOf(context) ?? nobody(context);
  return token && claimAt(token.claims, path);
});

/** Only `@OptionalToken()` may find nobody: elsewhere it is a mistake in the program. */
function nobody(context: ExecutionContext): undefined {
  if (declaredAccess(context.getClass(), context.getHandler())?.access === 'optional') return;
  throw new Error(
    '@AccessToken() and @Claim() are for handlers that require a token: this is none',
  );
}

/** TypeScript leaves the declared type of a parameter in its metadata, and Nest gives it to pipes. */
class DeclaredType implements PipeTransform {
  constructor(private readonly isOptional: boolean) {}

  transform(value: unknown, { metatype }: ArgumentMetadata): unknown {
    if (value === undefined && this.isOptional) return undefined;
    if (value === undefined || !isOfType(value, metatype)) throw new InsufficientClaims();
    return value;
  }
}

function isOfType(value: unknown, metatype: unknown): boolean {
  if (metatype === String) return typeof value === 'string';
  if (metatype === Number) return typeof value === 'number';
  if (metatype === Boolean) return typeof value === 'boolean';
  return metatype !== Array || Array.isArray(value);
}
