import type { AccessRules, GuardedHandler } from './nest/access-rules.js';

/** The part of an OpenAPI document that is used here. */
interface OpenApiDocument {
  readonly paths: Readonly<Record<string, object>>;
}

/** Alternatives; each needs all of its scopes (OpenAPI 3.1 §4.8.30). */
type SecurityRequirements = Readonly<Record<string, readonly string[]>>[];

/**
 * Adds the requirements of each operation to an OpenAPI document, so that the document cannot differ from the guard.
 * Finds operations by the identifier that `@nestjs/swagger` builds from controller and method.
 *
 * @param scheme name of the security scheme for the access token
 */
export function secureOpenApi(document: OpenApiDocument, rules: AccessRules, scheme: string): void {
  const handlers = new Map<unknown, GuardedHandler>(
    rules
      .table()
      .filter(isDecidedHere)
      .map((row) => [`${row.controller}_${row.handler}`, row]),
  );
  const operations = Object.values(document.paths).flatMap((path): unknown[] =>
    Object.values(path),
  );
  for (const operation of operations) {
    if (typeof operation !== 'object' || operation === null) continue;
    const handler = handlers.get(Reflect.get(operation, 'operationId'));
    if (handler) Reflect.set(operation, 'security', buildSecurity(handler, scheme));
  }
}

/** The document keeps what it says about handlers of other guards. */
function isDecidedHere({ access }: GuardedHandler): boolean {
  return access !== 'elsewhere' && access !== 'undeclared';
}

function buildSecurity({ access, scopes, anyScopes }: GuardedHandler, scheme: string) {
  if (access === 'public') return [];
  const alternatives = anyScopes.reduce<readonly string[][]>(
    (all, group) => all.flatMap((chosen) => group.map((scope) => [...chosen, scope])),
    [[...scopes]],
  );
  const requirements: SecurityRequirements = alternatives.map((all) => ({ [scheme]: all }));
  return access === 'optional' ? [{}, ...requirements] : requirements;
}
