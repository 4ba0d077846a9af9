import {
  type ArgumentMetadata,
  type ArgumentsHost,
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
} from '@nestjs/common';
import type { AccessToken as VerifiedToken } from '../core/access-token.js';
import { type ClaimPath, getClaim } from '../core/claims.js';
import type { AccessRule } from './access-rules.js';
import { InsufficientClaims } from './bearer-error.js';
import { resolveAccess } from './decorators.js';

/**
 * Index of the handler argument that gets the verified token as `user`: the HTTP request, the GraphQL context, the
 * socket, or the RPC context. GraphQL counts from the end, because reference resolvers have one argument less.
 */
const CONTEXT_ARGUMENT: Readonly<Record<string, number>> = { http: 0, ws: 0, rpc: 1, graphql: -2 };

/** The token of an admitted call, and the rule of its handler. */
export interface Admission {
  readonly token: VerifiedToken;
  readonly rule: AccessRule;
}

/** Returns the given object, so that a subclass adds its private field to that object. */
class Given {
  constructor(object: object) {
    return object;
  }
}

/**
 * The admission of each request, in a private field that no other code can read, set or copy: `user` is for other code,
 * which may overwrite it in any order of the guards. A WeakMap does the same for 2 to 3 µs more a request.
 */
class Admitted extends Given {
  #admission: Admission;

  private constructor(holder: object, admission: Admission) {
    super(holder);
    this.#admission = admission;
  }

  static set(holder: object, admission: Admission): void {
    if (#admission in holder) holder.#admission = admission;
    else new Admitted(holder, admission);
  }

  /** Undefined for a call without an object that could hold one. */
  static get(holder: unknown): Admission | undefined {
    const isHolder = typeof holder === 'object' && holder !== null && #admission in holder;
    return isHolder ? holder.#admission : undefined;
  }
}

type ToUser = (token: VerifiedToken) => unknown;

/** @param toUser the option `user`. @throws Error when it throws, or returns a promise */
export function setAdmission(context: ExecutionContext, admission: Admission, toUser?: ToUser) {
  const holder = getUserHolder(context);
  Admitted.set(holder, admission);
  const user = toUser ? mapUser(toUser, admission.token) : admission.token;
  // Another guard may have made the property read-only.
  Reflect.set(holder, 'user', user);
  // Code for GraphQL reads the user from the request in its context.
  const req = context.getType<string>() === 'graphql' && holder.req;
  if (typeof req === 'object' && req !== null) Reflect.set(req, 'user', user);
}

/** An error here is a programming error. Wrapped, so that an `HttpException` becomes no answer to the client. */
function mapUser(toUser: ToUser, token: VerifiedToken): unknown {
  let user: unknown;
  try {
    user = toUser(token);
  } catch (cause) {
    throw new Error('The option `user` of GuardsModule has failed', { cause });
  }
  if (!(user instanceof Promise)) return user;
  user.catch(() => undefined);
  throw new Error('The option `user` of GuardsModule returned a promise: it must be synchronous');
}

export function findAdmission(context: ArgumentsHost): Admission | undefined {
  return Admitted.get(getUserHolder(context));
}

export function findVerifiedToken(context: ArgumentsHost): VerifiedToken | undefined {
  return findAdmission(context)?.token;
}

function getUserHolder(context: ArgumentsHost): { readonly req?: unknown } {
  const argument = CONTEXT_ARGUMENT[context.getType()];
  if (argument === undefined) throw new Error(`Calls of type ${context.getType()} carry no token`);
  const args = context.getArgs();
  // A gRPC stream can be the only argument of its handler.
  return args.at(argument) ?? args[0];
}

/** Injects the verified token into a handler that requires one. With `@OptionalToken()` it may be `undefined`. */
export const AccessToken = createParamDecorator((_: unknown, context: ExecutionContext) =>
  readToken(context),
);

export type AccessToken = VerifiedToken;

/**
 * Injects a claim of the token. If the parameter is declared as `string`, `number`, `boolean` or an array and the claim
 * has another type, the call is refused with 403.
 *
 * @param path name of the claim, or the names of nested objects, outermost first
 */
export function Claim(path: ClaimPath, options: { optional?: boolean } = {}): ParameterDecorator {
  return ClaimParameter(path, new DeclaredTypePipe(options.optional ?? false));
}

const ClaimParameter = createParamDecorator((path: ClaimPath, context: ExecutionContext) => {
  const token = readToken(context);
  return token && getClaim(token.claims, path);
});

/** A missing token is only allowed with `@OptionalToken()`; elsewhere it is a programming error. */
function readToken(context: ExecutionContext): VerifiedToken | undefined {
  const token = findVerifiedToken(context);
  if (token) return token;
  const [owner, handler] = [context.getClass(), context.getHandler()];
  const access = resolveAccess(owner, handler)?.access;
  if (access === 'optional') return undefined;
  const problem = access === 'token' ? GUARD_DID_NOT_RUN : NO_TOKEN_REQUIRED;
  throw new Error(`${owner.name}.${handler.name} has @AccessToken() or @Claim(), ${problem}`);
}

const NO_TOKEN_REQUIRED =
  'but requires no token. Add @RequireScopes(…) or another requirement, or @OptionalToken(). ' +
  'Where GuardsModule.forFeature() is used, add @UseGuards(AccessTokenGuard) as well.';

const GUARD_DID_NOT_RUN =
  'but AccessTokenGuard verified no token for this call. Was the guard replaced, or the method called past it? ' +
  'In a test, keep the guard and send a token of TestIssuer (@gatehouse/guards/testing).';

/** TypeScript stores the declared type of a parameter in its metadata, and Nest passes it to pipes. */
class DeclaredTypePipe implements PipeTransform {
  constructor(private readonly isOptional: boolean) {}

  transform(value: unknown, { metatype }: ArgumentMetadata): unknown {
    const isAccepted = value === undefined ? this.isOptional : isOfType(value, metatype);
    if (isAccepted) return value;
    throw new InsufficientClaims();
  }
}

function isOfType(value: unknown, metatype: unknown): boolean {
  if (metatype === String) return typeof value === 'string';
  if (metatype === Number) return typeof value === 'number';
  if (metatype === Boolean) return typeof value === 'boolean';
  return metatype !== Array || Array.isArray(value);
}
