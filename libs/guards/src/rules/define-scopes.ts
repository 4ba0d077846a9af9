import type { HandlerOrController } from './declaration.js';
import { RequireAnyScope, RequireScopes } from './decorators.js';
import { requireScopeTokens } from './scope-token.js';

/** The decorators for scopes, for these scopes only: a misspelt one does not compile. */
export interface DefinedScopes<Scope extends string> {
  readonly all: readonly Scope[];
  readonly RequireScopes: (...scopes: [Scope, ...Scope[]]) => HandlerOrController;
  readonly RequireAnyScope: (...scopes: [Scope, ...Scope[]]) => HandlerOrController;
}

/**
 * The scopes of this resource server, said once.
 *
 * @throws TypeError when a name is not a scope token (RFC 6749 §3.3)
 */
export function defineScopes<const Scope extends string>(
  ...scopes: [Scope, ...Scope[]]
): DefinedScopes<Scope> {
  requireScopeTokens(scopes);
  return { all: Object.freeze([...scopes]), RequireScopes, RequireAnyScope };
}
