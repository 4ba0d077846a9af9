import { isPublic, requiredScopes } from './decorators.js';

/** Who may call a handler. */
export interface AccessRule {
  readonly isPublic: boolean;
  /** Every scope that the token must carry. Empty where the handler is public. */
  readonly scopes: readonly string[];
}

/** What the decorators of a handler and its controller add up to; undefined when they say nothing. */
export function accessRule(controller: object, handler: object): AccessRule | undefined {
  const own = requiredScopes(handler);
  const inherited = requiredScopes(controller);
  const open = own === undefined && (isPublic(handler) || isPublic(controller));
  if (open) return { isPublic: true, scopes: [] };
  if (own === undefined && inherited === undefined) return undefined;
  return { isPublic: false, scopes: [...new Set([...(inherited ?? []), ...(own ?? [])])] };
}

/** `@Public()` and `@RequireScopes()` on the same thing: one of the two is a mistake. */
export function contradictsItself(target: object): boolean {
  return isPublic(target) && requiredScopes(target) !== undefined;
}
