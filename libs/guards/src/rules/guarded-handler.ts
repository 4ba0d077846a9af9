import type { Access } from './access-rule.js';
import type { Declaration } from './declaration.js';
import type { HandlerKind } from './handler-kind.js';
import type { Handler } from './handlers.js';

/** One handler and who may call it, in words. */
export interface GuardedHandler {
  readonly kind: HandlerKind['name'];
  /** The controller, resolver or gateway. */
  readonly controller: string;
  readonly handler: string;
  readonly access: Access;
  /** All of these. */
  readonly scopes: readonly string[];
  /** One of each of these. */
  readonly anyScopes: readonly (readonly string[])[];
  /** As `name` or `name = value`. */
  readonly claims: readonly string[];
  /** How long ago the person may have logged in, in seconds. Absent where it does not matter. */
  readonly maxLoginAge?: number;
  /** Names of functions and classes. */
  readonly policies: readonly string[];
}

export function rowOf(
  { kind, owner, method }: Handler,
  declared: Declaration & { readonly access: Access },
): GuardedHandler {
  const { access, scopes, anyScopes, maxLoginAge } = declared;
  return {
    kind: kind.name,
    controller: owner.name,
    handler: method,
    access,
    scopes,
    anyScopes,
    claims: declared.claims.map(({ path, expected }) => {
      const name = typeof path === 'string' ? path : path.join('.');
      return typeof expected === 'function' ? name : `${name} = ${expected}`;
    }),
    ...(maxLoginAge < Infinity && { maxLoginAge }),
    policies: declared.policies.map(({ name }) => name || 'inline'),
  };
}
