import type { AccessRules, GuardedHandler } from './access-rules.js';

/** As much of an OpenAPI document as is needed here. */
interface OpenApiDocument {
  readonly paths: Readonly<Record<string, object>>;
}

/** One of them must be met, all of each (OpenAPI 3.1 §4.8.30). */
type SecurityRequirements = Readonly<Record<string, readonly string[]>>[];

/**
 * Says in an OpenAPI document what each operation requires, so that the document cannot differ from the guard. An
 * operation is known by its identifier, which `@nestjs/swagger` makes of controller and method.
 *
 * @param scheme the name of the security scheme that stands for the access token
 */
export function secureOpenApi(document: OpenApiDocument, rules: AccessRules, scheme: string): void {
  const handlers = new Map<unknown, GuardedHandler>(
    rules.table().map((row) => [`${row.controller}_${row.handler}`, row]),
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

function buildSecurity({ access, scopes, anyScopes }: GuardedHandler, scheme: string) {
  if (access === 'public') return [];
  const alternatives = anyScopes.reduce<readonly string[][]>(
    (all, some) => all.flatMap((chosen) => some.map((scope) => [...chosen, scope])),
    [[...scopes]],
  );
  const requirements: SecurityRequirements = alternatives.map((all) => ({ [scheme]: all }));
  return access === 'optional' ? [{}, ...requirements] : requirements;
}
